import type { Json } from '../../contracts/run/pipeline-input.ts';

/** A backup is a gzipped series of frames: a JSON head, or a piece of a table's or file's bytes. */
export type Frame = { readonly json: Json } | { readonly data: Buffer };

const JSON_FRAME = 0x6a;
const DATA_FRAME = 0x64;
const HEAD = 5;
/** Longest frame that is read, in bytes. Frames are written with about a quarter of a megabyte; a longer one is damage. */
const MAX_FRAME_BYTES = 1 << 28;

/** One frame: its kind (one byte), its length (four, big-endian), its bytes. */
export function encodeFrame(frame: Frame): Buffer {
  const body = 'json' in frame ? Buffer.from(JSON.stringify(frame.json)) : frame.data;
  const head = Buffer.alloc(HEAD);
  head[0] = 'json' in frame ? JSON_FRAME : DATA_FRAME;
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

/** The frames of a stream whose chunks may end anywhere. @throws Error when the stream ends inside a frame, or holds something other than frames */
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
