import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import type { CandleSeries } from '../../src/backtest/engine/candle-series.ts';

/** A temporary folder for the test file, removed after its tests. */
export function temporaryFolder(): { readonly folder: string; readonly write: (name: string, text: string) => string } {
  const folder = mkdtempSync(path.join(tmpdir(), 'predictlab-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return {
    folder,
    write(name, text) {
      const file = path.join(folder, name);
      writeFileSync(file, text);
      return file;
    },
  };
}

/** Formats a series as a candle file that commands read. */
export function candleCsv({ length, openTime, open, high, low, close, volume }: CandleSeries): string {
  const lines = Array.from({ length }, (_, i) =>
    [new Date(openTime[i]).toISOString(), open[i], high[i], low[i], close[i], Number.isNaN(volume[i]) ? '' : volume[i]].join(','),
  );
  return ['open_time,open,high,low,close,volume', ...lines, ''].join('\n');
}
