const FIRST_SLOTS = 1 << 16;
const MAX_LOAD = 0.7;
const SIX_BITS = new Uint8Array(128);
for (const [value, code] of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_').entries())
  SIX_BITS[code] = value;

const word = (hash: string, from: number): number => {
  let bits = 0;
  for (let i = from; i < from + 5; i++) bits = (bits << 6) | SIX_BITS[hash.charCodeAt(i)];
  return bits;
};

/** Counts how often each hash occurred. An open-addressing table takes 12 to 23 bytes per hash; a map counts those that repeat. */
export class ContentTable {
  private keys: Uint32Array;
  private used = 0;
  private readonly copies = new Map<string, number>();

  /** @param slots number of slots at the start, a power of 2 */
  constructor(slots = FIRST_SLOTS) {
    this.keys = new Uint32Array(slots * 2);
  }

  /** @param hash at least ten base64url letters, as `contentIdentity` makes them @returns how often it occurred before */
  next(hash: string): number {
    const high = word(hash, 0) + 1;
    const low = word(hash, 5);
    const slot = this.find(high, low);
    if (this.keys[slot] === 0) {
      this.keys[slot] = high;
      this.keys[slot + 1] = low;
      if (++this.used > (this.keys.length / 2) * MAX_LOAD) this.grow();
      return 0;
    }
    const ordinal = (this.copies.get(hash) ?? 0) + 1;
    this.copies.set(hash, ordinal);
    return ordinal;
  }

  /** The slot of a key, or the free slot where it belongs. */
  private find(high: number, low: number): number {
    const mask = this.keys.length / 2 - 1;
    let slot = (high ^ low) & mask;
    while (this.keys[slot * 2] !== 0 && (this.keys[slot * 2] !== high || this.keys[slot * 2 + 1] !== low)) slot = (slot + 1) & mask;
    return slot * 2;
  }

  private grow(): void {
    const old = this.keys;
    this.keys = new Uint32Array(old.length * 2);
    for (let slot = 0; slot < old.length; slot += 2) {
      if (old[slot] === 0) continue;
      const to = this.find(old[slot], old[slot + 1]);
      this.keys[to] = old[slot];
      this.keys[to + 1] = old[slot + 1];
    }
  }
}

/**
 * Numbers the copies of equal rows from 0, in file order. While times only rise, or only fall, it remembers the rows of one timestamp, so
 * that memory stays flat. At the first row out of order it requests the earlier rows again, and remembers all rows from then on.
 */
export class CopyCounter {
  private readonly here = new Map<string, number>();
  private table: ContentTable | undefined;
  private time = Number.NaN;
  private direction = 0;

  /** Numbers a row. @returns which copy it is, or 'replay' when the file's earlier rows must be passed to `replay` first */
  next(time: number, hash: string): number | 'replay' {
    if (this.table !== undefined) return this.table.next(hash);
    if (time !== this.time) {
      const direction = Math.sign(time - this.time);
      if (this.direction !== 0 && direction !== this.direction) return 'replay';
      if (!Number.isNaN(this.time)) this.direction = direction;
      this.time = time;
      this.here.clear();
    }
    const ordinal = this.here.get(hash);
    this.here.set(hash, (ordinal ?? -1) + 1);
    return (ordinal ?? -1) + 1;
  }

  /** Counts a row that came before the first row out of order. */
  replay(hash: string): void {
    this.table ??= new ContentTable();
    this.table.next(hash);
  }
}
