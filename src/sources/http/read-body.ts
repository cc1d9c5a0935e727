import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

/** The error for a body that is larger than the limit. */
export class BodyTooLarge extends Error {
  readonly limit: number;

  constructor(limit: number) {
    super(`the body is larger than ${Math.round(limit / 2 ** 20)} MB`);
    this.limit = limit;
  }
}

/**
 * Reads a body as text; unpacks gzip as a stream and only up to the limit, since a small body may hold gigabytes.
 * @param limit largest size of the unpacked body in bytes
 * @throws BodyTooLarge after closing the connection
 */
export async function readBody(body: Readable, encoding: string, limit: number): Promise<string> {
  const tooLarge = new BodyTooLarge(limit);
  const pieces: Buffer[] = [];
  let bytes = 0;
  const keep = async (source: AsyncIterable<Buffer>): Promise<void> => {
    for await (const piece of source) {
      bytes += piece.length;
      if (bytes > limit) throw tooLarge;
      pieces.push(piece);
    }
  };
  try {
    if (/^(x-)?gzip$/i.test(encoding)) await pipeline(body, createGunzip(), keep);
    else await pipeline(body, keep);
  } catch (error) {
    // Closing the connection causes another error, which may arrive first.
    throw bytes > limit ? tooLarge : error;
  }
  return Buffer.concat(pieces, bytes).toString('utf8');
}
