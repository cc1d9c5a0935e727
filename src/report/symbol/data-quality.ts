import type { TimeRange } from '../../contracts/market-data.ts';
import { within } from '../charts/shown-range.ts';
import { formatAge, formatNumber, formatPercent, formatRange, formatTime, plural } from '../elements/format.ts';
import { html, type Markup } from '../elements/html.ts';
import { dataTable } from '../elements/table.ts';
import { tip, unknown } from '../elements/tip.ts';
import type { InstrumentSection, SymbolPageData } from './symbol-data.ts';

/** An instrument's coverage, gaps, quarantined rows and merged duplicates. */
export const dataQuality = (section: InstrumentSection, data: SymbolPageData, id: string): Markup => {
  const { coverage, quiet, quarantined, duplicates } = section.quality;
  const gaps = within(section.gaps, data.window);
  const total = quarantined.reduce((sum, row) => sum + row.count, 0);
  const reasons = quarantined.map((row) => `${row.reason} ${formatNumber(row.count)}`).join(', ');
  const why = section.source === 'file' ? 'not known for a file' : 'nothing of this instrument was collected yet';
  const share = coverage === null ? unknown(why) : tip(formatPercent(coverage, 1), coverageMeaning(data.window));
  const length = formatAge(gaps.reduce((sum, gap) => sum + gap.to - gap.from, 0) / 1000);
  return html`<dl>
<dt>coverage</dt><dd>${share}${quiet !== null && silence(quiet)}</dd>
<dt>gaps</dt><dd>${coverage === null ? unknown(why) : gaps.length === 0 ? 'none' : `${formatNumber(gaps.length)}, ${length} in all`}</dd>
<dt>quarantined</dt><dd>${formatNumber(total)}${reasons !== '' && ` (${reasons})`}${total > 0 && html` <span class="quiet">· <code>predictlab export quarantine --symbol ${data.symbol}</code></span>`}</dd>
<dt>duplicates merged</dt><dd>${duplicates === null ? unknown('counted for the symbol as a whole: see the output of its store task') : formatNumber(duplicates)}</dd>
<dt>prices</dt><dd>${section.tickSize === null ? 'no tick size known' : `tick size ${section.tickSize}`}${section.fees !== null && `, taker fee ${section.fees.model} ${section.fees.rate}${(section.fees.exponent ?? 1) === 1 ? '' : `, exponent ${section.fees.exponent}`}`}</dd>
</dl>
${
  gaps.length > 0 &&
  dataTable<TimeRange>(
    [
      { head: 'from', align: 'text', cell: (gap) => formatTime(gap.from, 'second') },
      { head: 'to', align: 'text', cell: (gap) => formatTime(gap.to, 'second') },
      { head: 'length', cell: (gap) => formatAge((gap.to - gap.from) / 1000) },
    ],
    gaps,
    { id: `${id}-g`, caption: `${plural(gaps.length, 'gap')}: not collected`, limit: 200 },
  )
}`;
};

const coverageMeaning = (window: TimeRange): string =>
  `collected share of ${formatRange(window.from, window.to)}, as far as the instrument was open; a quiet hour counts as collected`;

const hours = (ms: number): string => `${formatNumber(Math.floor(ms / 3_600_000))} h`;

const silence = ({ kind, since, length, usual }: NonNullable<InstrumentSection['quality']['quiet']>): Markup => {
  const what = kind === 'trade' ? 'trade' : 'price point';
  const meaning = `nothing since ${formatTime(since)} although it was collected: quiet, not a gap; its pauses of the last 30 days are rarely longer than ${hours(usual)}`;
  return html` <span class="quiet">· ${tip(`no ${what} for ${hours(length)}, unusually long`, meaning)}</span>`;
};
