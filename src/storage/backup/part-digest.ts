import { createHash } from 'node:crypto';
import type { BackupTail } from './backup-parts.ts';

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
