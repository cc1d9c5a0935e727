import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isRunning } from './process-identity.ts';
import { type ProcessRecord, recordFolder } from './process-record.ts';

/**
 * The address of the Temporal server that a running `dev` (or `demo`) of this home has recorded; undefined when none runs. It only
 * reads: the next `dev` cleans up the records of killed ones.
 */
export function recordedAddress(home: string): string | undefined {
  const living = recordsOf(home).filter(({ owner }) => isRunning(owner));
  return (living.find(({ kind }) => kind === 'dev') ?? living[0])?.address;
}

function recordsOf(home: string): readonly ProcessRecord[] {
  let names: string[];
  try {
    names = readdirSync(recordFolder(home));
  } catch {
    return [];
  }
  return names.filter((name) => name.endsWith('.json')).flatMap((name) => readRecord(path.join(recordFolder(home), name)) ?? []);
}

/** Reads a record; undefined for a file that was removed meanwhile or is not a record. */
function readRecord(file: string): ProcessRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as Partial<ProcessRecord> | null;
    return typeof record?.owner === 'string' && typeof record.address === 'string' ? (record as ProcessRecord) : undefined;
  } catch {
    return undefined;
  }
}
