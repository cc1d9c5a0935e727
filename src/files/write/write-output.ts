import { once } from 'node:events';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, PredictLabError } from '../../contracts/errors.ts';

type Chunks = AsyncIterable<string | Uint8Array>;

/**
 * Writes a file that is whole or not there: to a neighbour first, renamed at the end. What was there before stays until
 * then; when something goes wrong nothing is left behind.
 *
 * @returns how many bytes were written
 * @throws PredictLabError BadInput when the file cannot be made there; whatever `chunks` throws
 */
export async function writeFileAtomically(file: string, chunks: Chunks): Promise<number> {
  const partial = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.partial`);
  let handle: FileHandle;
  try {
    handle = await open(partial, 'w');
  } catch (error) {
    throw new PredictLabError('BadInput', `${file} cannot be written: ${messageOf(error)}; check the folder and its permissions`, {
      cause: error,
    });
  }
  try {
    let bytes = 0;
    for await (const chunk of chunks) {
      const data = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      // a plain write may take only a part of the chunk
      await handle.appendFile(data);
      bytes += data.byteLength;
    }
    await handle.sync();
    await handle.close();
    await rename(partial, file);
    return bytes;
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(partial, { force: true });
    throw error;
  }
}

/** Writes to standard output no faster than it is read. Ends quietly when the reader has enough (`| head`). */
export async function writeToStandardOutput(chunks: Chunks, output: NodeJS.WritableStream = process.stdout): Promise<void> {
  const state: { failure: NodeJS.ErrnoException | undefined } = { failure: undefined };
  const keep = (error: NodeJS.ErrnoException): void => {
    state.failure = error;
  };
  output.on('error', keep);
  try {
    for await (const chunk of chunks) {
      if (state.failure !== undefined) break;
      // rejects with the stream's error
      if (!output.write(chunk)) await once(output, 'drain');
    }
    // an error of the last write arrives after it
    await new Promise((resolve) => output.write('', resolve));
  } catch (error) {
    if (error !== state.failure) throw error;
  } finally {
    output.off('error', keep);
  }
  if (state.failure !== undefined && state.failure.code !== 'EPIPE') throw state.failure;
}
