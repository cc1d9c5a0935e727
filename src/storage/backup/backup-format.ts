import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { AppliedMigration } from '../database/migrate.ts';
import type { BackupTable } from './backup-tables.ts';

/** Version of the backup file's format. PredictLab 0.1 wrote 1 and 2, which contain tables of an older database. */
export const BACKUP_FORMAT = 3;

export interface BackupHead {
  readonly predictlab: 'backup';
  readonly format: number;
  readonly migrations: readonly AppliedMigration[];
  readonly partitions: readonly string[];
  readonly tables: readonly BackupTable[];
}

/** Counts and hash that follow the data of a table or file; a reader checks with them that the data is complete. */
export interface BackupTail {
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

const count = z.int().nonnegative();
const name = z.string().regex(/^[a-z_][a-z0-9_]*$/);
/** Path of a report file, relative to the report folder and inside it. */
const fileName = z
  .string()
  .refine(
    (file) => !file.includes('\0') && !path.posix.isAbsolute(file) && !file.split('/').some((part) => ['', '.', '..'].includes(part)),
  );

const someHead = z.looseObject({ predictlab: z.literal('backup'), format: count.min(1) });
const wholeHead = z.object({
  migrations: z.array(z.object({ version: count, name: z.string(), sha256: z.string() })),
  partitions: z.array(z.string().regex(/^ticks_\d{4}_(0[1-9]|1[0-2])$/)),
  tables: z
    .array(z.object({ table: name, columns: z.array(name) }))
    .refine((tables) => new Set(tables.map(({ table }) => table)).size === tables.length),
});
/** The frame that announces a table or file, or ends the backup. */
const partStart = z.union([z.object({ end: z.literal(true) }), z.object({ table: name }), z.object({ file: fileName })]);
const partTail = z.object({ rows: count, bytes: count, sha256: z.string() });

/** Parses a backup's head; undefined when the value is not a head. */
export const headOf = (value: unknown): BackupHead | undefined => someHead.safeParse(value).data as BackupHead | undefined;

/** Whether a head of the current format has all its lists, and names each table once. */
export const isWholeHead = (head: BackupHead): boolean => wholeHead.safeParse(head).success;

/** Parses the start of a part; undefined when the value is not a part's start. */
export const partStartOf = (value: unknown): z.infer<typeof partStart> | undefined => partStart.safeParse(value).data;

/** Parses a part's tail; undefined when the value is not a tail. */
export const tailOf = (value: unknown): BackupTail | undefined => partTail.safeParse(value).data;

/** Counts and hashes the bytes of a part. Each row of COPY's text format is one line. */
export class PartDigest {
  readonly #hash = createHash('sha256');
  #rows = 0;
  #bytes = 0;

  add(chunk: Buffer): void {
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) this.#rows++;
  }

  tail(): BackupTail {
    return { rows: this.#rows, bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }
}

/** A backup is a gzipped series of frames: a JSON head, or a piece of a table's or file's bytes. */
export type Frame = { readonly json: Json } | { readonly data: Buffer };

const JSON_FRAME = 0x6a;
const DATA_FRAME = 0x64;
const HEAD = 5;
/** Longest frame that is read, in bytes. Frames are written with about a quarter of a megabyte, so a longer frame is damaged. */
const MAX_FRAME_BYTES = 1 << 28;

/** Encodes a frame: its kind (one byte), its length (four bytes, big-endian), its content. */
export function encodeFrame(frame: Frame): Buffer {
  const body = 'json' in frame ? Buffer.from(JSON.stringify(frame.json)) : frame.data;
  const head = Buffer.alloc(HEAD);
  head[0] = 'json' in frame ? JSON_FRAME : DATA_FRAME;
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

/** Reads the frames of a stream whose chunks may end anywhere. @throws Error when the stream holds other data or ends inside a frame */
export async function* decodeFrames(chunks: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  let pending: Buffer[] = [];
  let have = 0;
  let need = HEAD;
  for await (const chunk of chunks) {
    pending.push(chunk);
    have += chunk.length;
    if (have < need) continue;
    let buffer = pending.length === 1 ? chunk : Buffer.concat(pending);
    for (;;) {
      need = buffer.length < HEAD ? HEAD : HEAD + lengthOf(buffer);
      if (buffer.length < need) break;
      const body = buffer.subarray(HEAD, need);
      yield buffer[0] === JSON_FRAME ? { json: parsed(body) } : { data: body };
      buffer = buffer.subarray(need);
    }
    pending = [buffer];
    have = buffer.length;
  }
  if (have > 0) throw new Error('it ends in the middle');
}

function parsed(body: Buffer): Json {
  try {
    return JSON.parse(body.toString('utf8')) as Json;
  } catch (error) {
    throw new Error('a part of it is damaged', { cause: error });
  }
}

function lengthOf(buffer: Buffer): number {
  const length = buffer.readUInt32BE(1);
  if ((buffer[0] !== JSON_FRAME && buffer[0] !== DATA_FRAME) || length > MAX_FRAME_BYTES)
    throw new Error('it holds something that this version does not know');
  return length;
}

/** First bytes of every seal: the header of a gzip member with an extra field `PL` of 32 bytes, which holds the hash. */
const SEAL_HEAD = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 4, 0xff, 36, 0, 0x50, 0x4c, 32, 0]);
/** Last bytes of every seal: an empty deflate stream with its checksum and length. */
const NOTHING = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const SEAL_BYTES = SEAL_HEAD.length + 32 + NOTHING.length;

const sealOf = (hash: Hash): Buffer => Buffer.concat([SEAL_HEAD, hash.digest(), NOTHING]);

/** Passes the bytes on and appends their seal: an empty gzip member that holds their SHA-256 and that gunzip skips. */
export async function* sealed(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
  yield sealOf(hash);
}

/** Whether a file ends with the seal of the bytes before it. */
export async function hasValidSeal(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    if (size <= SEAL_BYTES) return false;
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(file, { end: size - SEAL_BYTES - 1 })) hash.update(chunk as Buffer);
    return sealOf(hash).equals(await lastBytes(handle, size));
  } finally {
    await handle.close();
  }
}

async function lastBytes(handle: FileHandle, size: number): Promise<Buffer> {
  const { buffer } = await handle.read(Buffer.alloc(SEAL_BYTES), 0, SEAL_BYTES, size - SEAL_BYTES);
  return buffer;
}
