import type { TimeRange } from '../../contracts/market-data.ts';
import { INTERVAL_MS } from '../../contracts/words.ts';
import { announcedLife, fittingInterval, longestFitting, MIN_BARS } from '../../market/candles/fitting-interval.ts';
import type { BasisPoint } from '../../market/twin-basis.ts';
import { linear, padded, timeTicks, valueTicks } from '../charts/axis.ts';
import { lineKey, PLOT_WIDTH, type PlotOptions, plot, unit } from '../charts/plot.ts';
import { shownRange, within } from '../charts/shown-range.ts';
import { formatAge, formatNumber, formatPercent, formatRange, formatSigned, formatTime, plural, tableNumber } from '../elements/format.ts';
import { html, type Markup, type Part, raw, webLink } from '../elements/html.ts';
import { dataTable } from '../elements/table.ts';
import { tabs } from '../elements/tabs.ts';
import { tip, unknown } from '../elements/tip.ts';
import { candlePanel, priceDigits } from './candle-panel.ts';
import { chosenSection } from './equity-chart.ts';
import { strategyTable } from './strategy-table.ts';
import type { InstrumentSection, SymbolPageData, TwinQuote } from './symbol-data.ts';
import { walkForwardSection } from './walk-forward-section.ts';

/** One instrument: facts, candles, strategies, data quality. @param id unique on the page */
export const instrumentSection = (section: InstrumentSection, data: SymbolPageData, id: string): Markup =>
  html`<section aria-label="${section.title || section.id} at ${section.source}, ${section.id}"><h2 class="plain" id="${id}-title">${section.title || section.id}</h2>
<p class="facts">${facts(section, data)}</p>
${candles(section, data, id)}
${basisCharts(section, data.symbol, id)}
<h3>Strategies</h3>${data.backtestRun !== undefined && html`<p class="quiet">backtests of run <b>${data.backtestRun.runId}</b>, as of ${formatTime(data.backtestRun.asOf)}, the newest run that has some</p>`}${section.backtests.length === 0 ? html`<p class="none">${whyNoBacktest(section)}</p>` : strategyTable(section.backtests, section.chosen?.index ?? null, `${id}-s`)}
${proofLine(section)}
${chosenSection(section, data, id)}
${walkForwardSection(section, id)}
<h3>Data quality</h3>${dataQuality(section, data, id)}
</section>`;

const facts = (section: InstrumentSection, { asOf, isServed = false }: SymbolPageData): readonly Part[] => {
  const digits = priceDigits(section);
  const outcome = section.outcomes[0];
  return [
    html`<span>${section.source}${section.last !== null && html` <b>${formatNumber(section.last.price, digits)}</b> ${tip(`${formatAge((asOf - section.last.time) / 1000)} ago`, `newest tick ${formatTime(section.last.time, 'second')}${outcome === undefined ? '' : `, priced as the probability of ${outcome}`}`, false)}`}</span>`,
    section.book !== null && html`<span>${book(section, digits)}</span>`,
    ...section.twins
      .slice(0, 4)
      .map(
        (twin) =>
          html`<span>${twin.source} <b>${formatNumber(twin.last?.price, digits)}</b> (twin${section.last !== null && twin.last !== null && `, ${formatNumber(Math.abs(section.last.price - twin.last.price), digits)} apart`})</span>`,
      ),
    html`<span>${ends(section, asOf)}</span>`,
    isServed && section.event !== undefined && html`<span><a href="/events/${encodeURIComponent(section.event)}">event</a></span>`,
    html`<span>${plural(section.ticks, 'tick')}</span>`,
    html`<span>${tip(webLink(section.reference, shortId(section.id)), section.id, false)}</span>`,
  ];
};

/** An id with its middle left out: a source type and the ends of the venue’s own id. */
const shortId = (id: string): string => (id.length > 32 ? `${id.slice(0, 22)}…${id.slice(-4)}` : id);

const book = (section: InstrumentSection, digits: number): Markup => {
  const { bid, ask, at } = section.book ?? { bid: null, ask: null, at: 0 };
  const spread = bid !== null && ask !== null ? `, spread ${formatNumber(ask - bid, digits)}` : '';
  return html`book ${tip(html`<b>${formatNumber(bid, digits)} / ${formatNumber(ask, digits)}</b>`, `best bid / best ask at ${formatTime(at, 'second')}`, false)}${spread}`;
};

/** The signs by which the market's result is known, in the venue's words; empty while there are none. */
export const signsOf = ({ settlement }: Pick<InstrumentSection, 'settlement'>): string =>
  (settlement?.signs ?? []).map(({ sign, said }) => `${sign} ${said}`).join(', ');

const ends = (section: InstrumentSection, asOf: number): string => {
  const { resolution, closesAt } = section;
  if (resolution.kind === 'settled')
    return `settled at ${tableNumber(resolution.payout)}${resolution.at === null ? '' : ` on ${formatTime(resolution.at)}`}${signsOf(section) === '' ? '' : ` (by ${signsOf(section)})`}`;
  if (resolution.kind === 'unresolved') return `closed, not resolved: ${resolution.reason}`;
  if (closesAt === null) return section.market === 'asset' ? 'asset, no end' : 'no closing time known';
  const away = (closesAt - asOf) / 1000;
  return away >= 0
    ? `closes in ${formatAge(away)}, ${formatTime(closesAt)}`
    : `was to close ${formatTime(closesAt)}, ${formatAge(-away)} ago`;
};

const candles = (section: InstrumentSection, data: SymbolPageData, id: string): Markup => {
  if (section.series.length === 0) return html`<p class="none">no candles yet</p>`;
  const first = readableInterval(section, data.asOf);
  const what = section.priceType === 'price' ? 'price points' : 'trades';
  return tabs(
    section.series.map((series, i) => ({
      label: series.interval,
      content: candlePanel({ section, series, asOf: data.asOf, symbol: data.symbol, id: `${id}-c${i}` }),
    })),
    {
      name: `${id}-interval`,
      legend: `Interval of the candles of ${section.title || section.id}`,
      first,
      note: `candles of ${what}${addedNote(section)}`,
    },
  );
};

const addedNote = ({ added, ...life }: InstrumentSection): string =>
  added === undefined ? '' : `; ${added} was added since the market lives ${formatAge((announcedLife(life) ?? 0) / 1000)}`;

/** Maximum number of buckets at which a candle's body is wider than its wick. */
const READABLE_BUCKETS = 400;

/** The index of the finest readable interval, which the page shows first. */
const readableInterval = (section: InstrumentSection, asOf: number): number => {
  const fits = section.series.findIndex((series) => {
    const { from, to } = shownRange(section, series, asOf);
    return (to - from) / INTERVAL_MS[series.interval] <= READABLE_BUCKETS;
  });
  return fits === -1 ? section.series.length - 1 : fits;
};

const proofLine = (section: InstrumentSection): Markup | false => {
  const proofs = section.backtests.flatMap((row) => row.proof ?? []);
  if (proofs.length === 0) return false;
  const changed = proofs.reduce((sum, proof) => sum + proof.changed, 0);
  const decisions = proofs.reduce((sum, proof) => sum + proof.decisions, 0);
  return html`<p>proof: <b class="${changed === 0 ? 'success' : 'failed'}">${changed === 0 ? '●' : '✕'} ${formatNumber(changed)} of ${formatNumber(decisions)} decisions changed</b> <span class="quiet">when the backtests were run again without their future${changed > 0 && ': do not trust these results'}</span>${overfitting(section)}</p>`;
};

const overfitting = (section: InstrumentSection): Markup | false => {
  const row = section.backtests.at(section.chosen?.index ?? 0);
  if (row === undefined || row.overfitting === null) return false;
  const because = row.weak?.['overfitting'];
  if (because !== undefined) return html` · overfitting on ${row.interval}: ${unknown(because)}`;
  return html` · overfitting on ${row.interval}: ${tip(html`<b>${formatPercent(row.overfitting, 0)}</b>`, 'probability that the trial that was best on one half of the data is below the median on the other (PBO by CSCV)')}`;
};

/** Why an instrument has no backtest, and what to do. */
export const whyNoBacktest = ({ series, ...life }: Pick<InstrumentSection, 'series' | 'opensAt' | 'closesAt' | 'endsAt'>): string => {
  if (series.length === 0) return 'no backtest: there are no candles yet';
  const [finest] = [...series].sort((a, b) => INTERVAL_MS[a.interval] - INTERVAL_MS[b.interval]);
  if (finest.total >= MIN_BARS) return 'no backtest: no run with the stage backtest has included this instrument';
  const what = `no backtest: ${plural(finest.total, 'candle')} of ${finest.interval} ${finest.total === 1 ? 'is' : 'are'} too few`;
  const lifeMs = announcedLife(life);
  if (lifeMs === null) return `${what}; it waits for more`;
  const length = formatAge(lifeMs / 1000);
  const added = fittingInterval([finest.interval], life);
  if (added !== undefined) return `${what} for a market of ${length}; the next run adds ${added}`;
  return longestFitting(lifeMs) === undefined
    ? `${what}, and a market of ${length} is too short for ${MIN_BARS} candles of any interval`
    : `${what}; it waits for more`;
};

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

const HEIGHT = 120;
/** Maximum number of rows of the table, the newest ones; `export basis` has all. */
const MAX_ROWS = 200;

/** Profit per unit of the more profitable direction; null if neither is known. */
const better = ({ buy, sell }: BasisPoint): number | null => (buy === null || sell === null ? (buy ?? sell) : Math.max(buy, sell));

/** The difference of the closes, and what is left of it after costs: a dash per bar, since nothing is known between two bars. */
export const basisPlot = ({ interval, points }: NonNullable<TwinQuote['basis']>): PlotOptions => {
  const step = INTERVAL_MS[interval];
  const [from, to] = [(points[0]?.time ?? step) - step, points.at(-1)?.time ?? step];
  const profits = points.flatMap((point) => better(point) ?? []);
  const values = [0, ...points.map(({ difference }) => difference), ...profits];
  const [low, high] = padded(Math.min(...values), Math.max(...values));
  const [x, y] = [linear(from, to), linear(low, high)];
  const dashes = (valueOf: (point: BasisPoint) => number | null): string =>
    points
      .map((point) => {
        const value = valueOf(point);
        if (value === null) return '';
        return `M${unit(x(point.time - step) * PLOT_WIDTH)} ${unit((1 - y(value)) * HEIGHT)}H${unit(x(point.time) * PLOT_WIDTH)}`;
      })
      .join('');
  return {
    height: HEIGHT,
    label: `difference ${formatSigned(points.at(-1)?.difference ?? 0)} at ${formatTime(to)}, from ${formatSigned(Math.min(...values))} to ${formatSigned(Math.max(...values))}`,
    shapes: html`<path class="line held" d="${raw(dashes(better))}"/><path class="line own" d="${raw(dashes(({ difference }) => difference))}"/>`,
    x: timeTicks(from, to, 8),
    y: valueTicks(low, high, 4),
  };
};

/** A chart per twin: the difference of the prices over time, and the profit that is left after spreads and fees. */
const basisCharts = (section: InstrumentSection, symbol: string, id: string): readonly Markup[] =>
  section.twins.flatMap(({ id: twin, source, basis }, i) => {
    const last = basis?.points.at(-1);
    if (basis === undefined || last === undefined) return [];
    const way = (last.buy ?? -Infinity) >= (last.sell ?? -Infinity) ? [section.source, source] : [source, section.source];
    const profit = better(last);
    const left =
      profit === null
        ? unknown('no run has recorded both books by then')
        : html`<b>${formatSigned(profit)}</b> (buy at ${way[0]}, sell at ${way[1]})`;
    return [
      html`<h3>Basis to ${source} on ${basis.interval}</h3>
${plot(basisPlot(basis))}
<p class="legend"><span>${lineKey('own')}price here minus price of the twin ${twin}: <b>${formatSigned(last.difference)}</b></span><span>${lineKey('held')}profit per unit of the better way, after half of both spreads and both taker fees: ${left}</span><span>at ${formatTime(last.time)}, the newest bar that is complete at both</span></p>
${dataTable<BasisPoint>(
  [
    { head: 'time', align: 'text', cell: ({ time }) => formatTime(time) },
    { head: 'price', cell: ({ price }) => tableNumber(price) },
    { head: 'twin_price', cell: ({ twinPrice }) => tableNumber(twinPrice) },
    { head: 'difference', cell: ({ difference }) => tableNumber(difference) },
    { head: 'buy', cell: ({ buy }) => tableNumber(buy) },
    { head: 'sell', cell: ({ sell }) => tableNumber(sell) },
  ],
  basis.points.slice(-MAX_ROWS),
  { id: `${id}-b${i}`, caption: `Basis to ${source}` },
)}
<p class="quiet"><code>predictlab export basis --symbol ${symbol} --interval ${basis.interval}</code> has all bars</p>`,
    ];
  });
