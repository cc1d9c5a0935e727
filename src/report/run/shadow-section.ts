import { formatNumber, formatTime } from '../elements/format.ts';
import { html, type Markup } from '../elements/html.ts';
import { type Column, table } from '../elements/table.ts';
import { stateGlyph } from '../elements/tip.ts';
import type { ShadowVerdict } from './run-data.ts';

/** The table of `deploy shadow` results for a run, newest first. */
export function shadowSection(shadows: readonly ShadowVerdict[]): Markup {
  const columns: Column<ShadowVerdict>[] = [
    { head: 'build', align: 'text', cell: ({ build }) => build },
    {
      head: 'verdict',
      align: 'text',
      cell: ({ verdict }) => html`${stateGlyph(verdict === 'same' ? 'success' : 'failed', verdict, false)} ${verdict}`,
    },
    { head: 'rows', about: 'Stored ticks compared.', cell: ({ rows }) => formatNumber(rows) },
    { head: 'candles', about: 'Stored candles compared.', cell: ({ candles }) => formatNumber(candles) },
    { head: 'backtests', about: 'Backtests compared, every metric of them.', cell: ({ metrics }) => formatNumber(metrics) },
    { head: 'tried', align: 'text', cell: ({ at }) => formatTime(at) },
    { head: 'why', align: 'text', cell: ({ sentences }) => sentences[0] ?? 'nothing differs' },
  ];
  return table(columns, shadows.slice(0, 20), { id: 'shadows', caption: 'Builds compared on the data of this run' });
}
