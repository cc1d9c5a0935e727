import { describe, expect, it } from 'vitest';
import { RowSum } from '../../../src/storage/backup/backup-tables.ts';
import { seeded } from '../../faults/data-state.ts';

const sumOf = (rows: readonly string[], cut = Number.POSITIVE_INFINITY): string => {
  const sum = new RowSum();
  const bytes = Buffer.from(rows.map((row) => `${row}\n`).join(''));
  for (let from = 0; from < bytes.length; from += cut) sum.add(bytes.subarray(from, from + cut));
  return sum.digest();
};

/** Rows of several lengths, some of them twice. */
function rowsOf(seed: number): readonly string[] {
  const random = seeded(seed);
  return Array.from({ length: 1 + Math.floor(random() * 40) }, () =>
    Array.from({ length: Math.floor(random() * 12) }, () => 'abc\t\\0é'[Math.floor(random() * 7)]).join(''),
  );
}

describe('the checksum of a table’s rows', () => {
  it('does not depend on the order of the rows or the boundaries of chunks', () => {
    for (let seed = 0; seed < 200; seed++) {
      const random = seeded(seed + 1_000);
      const rows = rowsOf(seed);
      const shuffled = rows.map((row) => ({ row, at: random() })).sort((a, b) => a.at - b.at);
      expect(
        sumOf(
          shuffled.map(({ row }) => row),
          1 + Math.floor(random() * 9),
        ),
        `seed ${seed}`,
      ).toBe(sumOf(rows));
    }
  });

  it('changes when a row is lost, doubled, changed in one bit, or exchanges a part with its neighbour', () => {
    const seen = new Set<string>();
    const base = Array.from({ length: 500 }, (_, i) => `${i}\t0.${i}\t0x${(i * 7919).toString(16)}`);
    const change = (at: number, row: string): readonly string[] => base.with(at, row);
    seen.add(sumOf(base));
    let made = 1;
    for (let at = 0; at < base.length - 1; at += 7) {
      const row = base[at];
      const [a, b] = [row.split('\t'), base[at + 1].split('\t')];
      const others = [
        base.toSpliced(at, 1),
        base.toSpliced(at, 0, row),
        change(at, String.fromCharCode(row.charCodeAt(0) ^ 1) + row.slice(1)),
        change(at, row.slice(0, -1) + String.fromCharCode(row.charCodeAt(row.length - 1) ^ 4)),
        base.with(at, [a[0], b[1], a[2]].join('\t')).with(at + 1, [b[0], a[1], b[2]].join('\t')),
      ];
      for (const rows of others) seen.add(sumOf(rows));
      made += others.length;
    }
    expect(seen.size).toBe(made);
  });
});
