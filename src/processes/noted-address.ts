import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isRunning } from './process-identity.ts';
import { type ProcessRecord, recordFolder } from './process-record.ts';

/**
 * Where the Temporal server is that a `dev` (or `demo`) of this home keeps up; undefined when none does. Only looks: what a
 * killed one left is the next one's to tidy up.
 */
export function notedAddress(home: string): string | undefined {
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

/** undefined for one that went away meanwhile, or is no record. */
function readRecord(file: string): ProcessRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as Partial<ProcessRecord> | null;
    return typeof record?.owner === 'string' && typeof record.address === 'string' ? (record as ProcessRecord) : undefined;
  } catch {
    return undefined;
  }
}
