import type { QuarantineReason } from '../../contracts/market-data.ts';

/** Line numbers named for each reason. */
const EXAMPLES = 5;

/** Counts a file's quarantined rows by reason and remembers where the first ones are. */
export class QuarantineTally {
  private readonly found = new Map<QuarantineReason, { count: number; readonly lines: number[] }>();

  get total(): number {
    return [...this.found.values()].reduce((sum, { count }) => sum + count, 0);
  }

  get reasons(): Readonly<Partial<Record<QuarantineReason, number>>> {
    return Object.fromEntries([...this.found].map(([reason, { count }]) => [reason, count]));
  }

  add(reason: QuarantineReason, line: number): void {
    const entry = this.found.get(reason) ?? { count: 0, lines: [] };
    this.found.set(reason, entry);
    entry.count++;
    if (entry.lines.length < EXAMPLES) entry.lines.push(line);
  }

  /** `malformed 2 (lines 17, 203), price-range 1 (line 9)` */
  describe(): string {
    const describeOne = ([reason, { count, lines }]: [string, { count: number; lines: number[] }]): string => {
      const more = count > lines.length ? ', …' : '';
      return `${reason} ${count} (line${count === 1 ? '' : 's'} ${lines.join(', ')}${more})`;
    };
    return [...this.found].map(describeOne).join(', ');
  }
}
