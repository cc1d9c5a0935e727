import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Log } from '../contracts/log.ts';
import { makePrivateFolder } from './home-folder.ts';
import { isRunning, processIdentity } from './process-identity.ts';
import { runCommand } from './run-command.ts';

/** The processes that a `dev` or `demo` has started, recorded in `<home>/processes` so that a later one can end them after a kill -9. */
export interface ProcessRecord {
  readonly kind: 'dev' | 'demo';
  readonly pid: number;
  /** Identity of the `dev` or `demo` process, needed because its pid may be reused. */
  readonly owner: string;
  /** `marker` is a part of the child's command line; a process that reuses the pid has another command line. */
  readonly children: readonly { readonly pid: number; readonly marker: string }[];
  readonly address: string;
  readonly uiUrl: string;
}

/** The fields of a record that identify this process. */
export const ownRecord = (): Pick<ProcessRecord, 'pid' | 'owner'> => ({ pid: process.pid, owner: processIdentity(process.pid) });

/** Writes the record; `close` removes it. */
export async function recordProcesses(home: string, record: ProcessRecord): Promise<{ close(): Promise<void> }> {
  const folder = recordFolder(home);
  await makePrivateFolder(folder);
  const file = path.join(folder, `${record.kind}-${record.pid}.json`);
  // Renaming ensures that readers never see a partial record. It is not synced to disk: after a power cut none of the processes runs.
  await writeFile(`${file}.tmp`, JSON.stringify(record));
  await rename(`${file}.tmp`, file);
  return { close: () => rm(file, { force: true }) };
}

/** Returns the records whose `dev` or `demo` is still running. Removes the other records and ends the child processes they list. */
export async function livingRecords(home: string, log: Pick<Log, 'info'>): Promise<readonly ProcessRecord[]> {
  const living: ProcessRecord[] = [];
  for (const { file, record } of recordFiles(home)) {
    if (record && isRunning(record.owner)) {
      living.push(record);
      continue;
    }
    for (const child of record?.children ?? []) {
      if (!(await hasMarker(child.pid, child.marker))) continue;
      log.info(`ending ${child.marker} (pid ${child.pid}), left by a ${record?.kind} that was killed`);
      await endProcess(child);
    }
    await rm(file, { force: true });
  }
  return living;
}

const recordFolder = (home: string): string => path.join(home, 'processes');

const END_TIMEOUT_MS = 15_000;

/** Ends a process with SIGTERM, then with SIGKILL. It polls for the end, because the process is not a child of this one. */
async function endProcess({ pid, marker }: { pid: number; marker: string }): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    const deadline = Date.now() + END_TIMEOUT_MS;
    while (Date.now() < deadline) {
      if (!(await hasMarker(pid, marker))) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function hasMarker(pid: number, marker: string): Promise<boolean> {
  return pid !== process.pid && (await commandLineOf(pid)).includes(marker);
}

/** The command line of a process, from `/proc` or `ps`; empty when there is no such process. */
async function commandLineOf(pid: number): Promise<string> {
  const fromProc = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  if (fromProc !== undefined) return fromProc.replaceAll('\0', ' ');
  return (await runCommand('ps', ['-o', 'args=', '-p', String(pid)], { timeoutMs: 5_000 })).stdout;
}

/**
 * The address of the Temporal server that a running `dev` or `demo` has recorded in the home folder; undefined if none is running.
 */
export function recordedAddress(home: string): string | undefined {
  const living = recordFiles(home).flatMap(({ record }) => (record !== undefined && isRunning(record.owner) ? [record] : []));
  return (living.find(({ kind }) => kind === 'dev') ?? living[0])?.address;
}

/** The files of all records, each with its record; `record` is undefined for a file that was removed meanwhile or is not a record. */
function recordFiles(home: string): readonly { file: string; record: ProcessRecord | undefined }[] {
  const folder = recordFolder(home);
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  return names.map((name) => ({ file: path.join(folder, name), record: readRecord(path.join(folder, name)) }));
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
