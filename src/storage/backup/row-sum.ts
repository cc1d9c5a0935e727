const NEWLINE = 10;
const FNV_PRIME = 0x0100_0193;
const FNV_OFFSET = 0x811c_9dc5;
/** A second odd multiplier and offset, so that the two hashes collide for different rows. */
const OTHER_PRIME = 0x9e37_79b1;
const OTHER_OFFSET = 0x2545_f491;

/**
 * A sum over the rows of COPY's text format (one per line) that does not depend on their order: two 32-bit FNV-1a hashes of each row, mixed
 * (MurmurHash3's finaliser) and added modulo 2^32, and the count. Equal digests mean that two tables hold the same rows.
 */
export class RowSum {
  #first = FNV_OFFSET;
  #second = OTHER_OFFSET;
  #firstSum = 0;
  #secondSum = 0;
  #rows = 0;

  /** Adds bytes; a chunk may start and end inside a row. */
  add(chunk: Uint8Array): void {
    let first = this.#first;
    let second = this.#second;
    for (let k = 0; k < chunk.length; k++) {
      const byte = chunk[k];
      if (byte === NEWLINE) {
        this.#firstSum = (this.#firstSum + mixed(first)) >>> 0;
        this.#secondSum = (this.#secondSum + mixed(second)) >>> 0;
        this.#rows++;
        first = FNV_OFFSET;
        second = OTHER_OFFSET;
      } else {
        first = Math.imul(first ^ byte, FNV_PRIME);
        second = Math.imul(second ^ byte, OTHER_PRIME);
      }
    }
    this.#first = first;
    this.#second = second;
  }

  get rows(): number {
    return this.#rows;
  }

  /** The digest of all complete rows: equal texts for equal rows. */
  digest(): string {
    return [this.#rows, this.#firstSum, this.#secondSum].join(':');
  }
}

/** Mixes a hash so that every bit of it affects every bit of the result, and sums do not cancel out. */
function mixed(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85eb_ca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
