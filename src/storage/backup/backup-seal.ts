import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** First bytes of every seal: a gzip member with one extra field of 36 bytes, `PL`, which holds 32. */
const HEAD = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 4, 0xff, 36, 0, 0x50, 0x4c, 32, 0]);
/** Last bytes of every seal: an empty deflate stream with its checksum and length. */
const NOTHING = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const SEAL_BYTES = HEAD.length + 32 + NOTHING.length;

const sealOf = (hash: Hash): Buffer => Buffer.concat([HEAD, hash.digest(), NOTHING]);

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
