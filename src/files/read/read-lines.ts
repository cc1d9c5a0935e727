import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';
import { badInput, messageOf, PredictLabError } from '../../contracts/errors.ts';

const CHUNK = 256 * 1024;
/** The maximum number of characters in a line; a file with a longer line is not a CSV. */
const MAX_LINE_LENGTH = 2 ** 20;
const BYTE_ORDER_MARK = '\ufeff';

/** First bytes, in hex, of compressed files that are refused, and what to do with each. */
const REFUSED: readonly (readonly [RegExp, string])[] = [
  [/^28b52ffd/, 'compressed with zstd; unpack it with zstd -d, or compress it with gzip'],
  [/^fd377a585a00/, 'compressed with xz; unpack it with xz -d, or compress it with gzip'],
  [/^425a683\d314159/, 'compressed with bzip2; unpack it with bzip2 -d, or compress it with gzip'],
  [/^504b0304/, 'a zip archive or an Excel file; unpack it, or save the sheet as CSV'],
];

/** Whether a file is gzip, judged by its first bytes and not by its name. @throws PredictLabError BadInput if it is compressed otherwise */
async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(7), 0, 7, 0);
    const start = buffer.toString('hex', 0, bytesRead);
    const [, refusal] = REFUSED.find(([pattern]) => pattern.test(start)) ?? [];
    if (refusal !== undefined) throw badInput(`${path} is ${refusal}`);
    return start.startsWith('1f8b');
  } finally {
    await file.close();
  }
}

/**
 * The lines of a text file (UTF-8, gzip or not) in batches, without line ends and byte order mark; memory stays flat.
 * @throws PredictLabError BadInput when the file cannot be opened, read or unpacked, or has a line of more than a million characters
 */
export async function* readLines(path: string, signal?: AbortSignal): AsyncGenerator<string[]> {
  try {
    // Before the stream is opened, because an error of a stream that nobody reads yet would be unhandled.
    const gzip = await isGzip(path);
    const file = createReadStream(path, { highWaterMark: CHUNK, signal });
    const stream = gzip ? file.pipe(createGunzip({ chunkSize: CHUNK })) : file;
    // `pipe` does not forward the file's errors to the unpacked stream.
    if (stream !== file) file.on('error', (error) => stream.destroy(error));
    try {
      yield* linesOf(path, stream as AsyncIterable<Buffer>);
    } finally {
      file.destroy();
      stream.destroy();
    }
  } catch (error) {
    if (signal?.aborted || error instanceof PredictLabError) throw error;
    throw badInput(unreadable(path, error), { cause: error });
  }
}

/**
 * Refuses files that are not text (binary files, UTF-16). It finds them by control characters, which must not reach a terminal either.
 * @throws PredictLabError BadInput when a header line is not that of a CSV file
 */
export function refuseBinary(path: string, header: string): void {
  const isText = Array.from(header).every((character) => character >= ' ' || character === '\t' || character === '\r');
  if (!isText) throw badInput(`${path} is not a CSV file: its first line is not text; save it as CSV in UTF-8`);
  if (header.includes('\r')) throw badInput(`${path}: its lines end in carriage returns only; save it with line feeds (LF or CRLF)`);
  const other = /^\s*[[{]/.test(header) ? 'JSON' : /^\s*</.test(header) ? 'HTML or XML' : undefined;
  if (other !== undefined) throw badInput(`${path} is ${other}, not a CSV file; give a CSV with a header line`);
}

async function* linesOf(path: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<string[]> {
  const decoder = new StringDecoder('utf8');
  // The chunks of an unfinished line, joined at its end: joining at each chunk would copy a long line again and again.
  let pieces: string[] = [];
  let length = 0;
  let line = 1;
  let isFirst = true;
  const addPiece = (text: string): void => {
    length += text.length;
    if (length > MAX_LINE_LENGTH) {
      throw badInput(
        `${path}, line ${line}: longer than a million characters, so this is not a CSV file; check that its lines end in line feeds`,
      );
    }
    pieces.push(text);
  };
  for await (const chunk of chunks) {
    let text = decoder.write(chunk);
    if (isFirst && text.length > 0) {
      isFirst = false;
      if (text.startsWith(BYTE_ORDER_MARK)) text = text.slice(1);
    }
    const first = text.indexOf('\n');
    if (first < 0) {
      addPiece(text);
      continue;
    }
    addPiece(text.slice(0, first));
    const last = text.lastIndexOf('\n');
    const lines = [pieces.join(''), ...(last > first ? text.slice(first + 1, last).split('\n') : [])].map(withoutReturn);
    line += lines.length;
    yield lines;
    pieces = [];
    length = 0;
    addPiece(text.slice(last + 1));
  }
  addPiece(decoder.end());
  if (length > 0) yield [withoutReturn(pieces.join(''))];
}

const withoutReturn = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line);

function unreadable(path: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT') return `there is no file ${path}; check the path`;
  if (code === 'EISDIR') return `${path} is a folder; name a CSV file in it or a pattern such as ${path}/*.csv`;
  if (code === 'EACCES') return `${path} may not be read; check its permissions`;
  if (code.startsWith('Z_')) return `${path} is not complete gzip data (${messageOf(error)}); unpack or fetch it again`;
  return `${path} cannot be read: ${messageOf(error)}`;
}
