import { ContentTable } from '../write/content-table.ts';

/**
 * Says which copy of its content a row is, from 0, in file order. Equal rows have equal times, so as long as times only
 * rise, or only fall, it is enough to remember the rows of one timestamp, and memory stays flat. At the first row that
 * breaks the order it asks for what it has forgotten, once, and remembers every content from then on.
 */
export class CopyCounter {
  private readonly here = new Map<string, number>();
  private table: ContentTable | undefined;
  private time = Number.NaN;
  private direction = 0;

  /** @returns which copy, or 'replay' when the file's earlier rows must be given to `replay` first and the row asked for again */
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

  /** Takes the contents of all earlier rows again. */
  replay(hash: string): void {
    this.table ??= new ContentTable();
    this.table.next(hash);
  }
}
