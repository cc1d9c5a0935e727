import type { EquityPoint } from '../../backtest/record/curve-columns.ts';
import { INTERVAL_MS } from '../../contracts/words.ts';
import { endReturn, equityPlots } from '../charts/equity-svg.ts';
import { lineKey, plot } from '../charts/plot.ts';
import { formatNumber, formatPercent, formatTime, plural, tableNumber } from '../elements/format.ts';
import { html, type Markup, type Part, raw } from '../elements/html.ts';
import { type Column, dataTable, table } from '../elements/table.ts';
import { tip, unknown } from '../elements/tip.ts';
import { strategyName } from '../symbol/equity-chart.ts';
import type { BacktestTrade } from '../symbol/symbol-data.ts';
import { type ParamGrid, paramGrid } from './param-grid.ts';
import { type ComparedTrial, type ResearchTrial, returnOverHold, strongMetric } from './research-data.ts';

/** A signed percent with as many decimals as a small value needs: `+0.004 %`. */
export const signedPercent = (value: number): string => `${value > 0 ? '+' : ''}${formatPercent(value)}`;

/**
 * The background of a cell of a heat map: teal above 0, orange below, stronger with the distance.
 * @param full the distance from 0 at which the colour is strongest
 */
export const heatColour = (value: number, full: number): Markup =>
  raw(
    `background-color:color-mix(in srgb,var(--${value >= 0 ? 'up' : 'down'}) ${Math.round(8 + 32 * Math.min(1, Math.abs(value) / Math.max(full, Number.MIN_VALUE)))}%,transparent)`,
  );

/** Heat map of trials by two parameters, with a sentence on how far to trust the best trial; false if no parameter was varied. */
export const gridSection = (trials: readonly ResearchTrial[], addressOf: (trial: ResearchTrial) => string | null): Markup | false => {
  const grid = paramGrid(trials);
  if (grid === undefined) return false;
  const { across, down, cells, metric } = grid;
  const full = Math.max(...cells.flat().map((cell) => Math.abs(cell?.value ?? 0)));
  const cellOf = (cell: ParamGrid['cells'][number][number]): Markup => {
    if (cell === null) return html`<td></td>`;
    const { trial, value } = cell;
    if (value === null)
      return html`<td class="hatch">${unknown(trial.weak?.['sharpe'] ?? trial.undefined['sharpe'] ?? trial.failed ?? 'not known')}</td>`;
    const text = metric === 'sharpe' ? formatNumber(value, 2) : signedPercent(value);
    const address = addressOf(trial);
    const shown = trial === grid.best ? html`<b>◆ ${text}</b>` : text;
    return html`<td style="${heatColour(value, full)}"${grid.plateau.has(trial) && html` class="plateau"`}>${address === null ? shown : html`<a href="${address}" title="${strategyName(trial)}">${shown}</a>`}</td>`;
  };
  return html`<h3>${metric} by ${across.name}${down.name !== '' && ` and ${down.name}`}</h3>
<div class="scroll" tabindex="0" role="group" aria-label="Heat map of the parameters"><table class="heat"><caption class="spoken">${metric} by parameters</caption>
<thead><tr><th scope="col">${down.name}${down.name !== '' && ' ↓ '}${across.name} →</th>${across.values.map((value) => html`<th scope="col">${value}</th>`)}</tr></thead>
<tbody>${cells.map((row, y) => html`<tr><th scope="row">${down.name === '' ? '' : down.values[y]}</th>${row.map(cellOf)}</tr>`)}</tbody></table></div>
<p>${verdict(grid)}${overfitting(grid.best ?? trials[0])}</p>`;
};

const verdict = ({ best, plateau, neighbours, median, isPlateau, metric }: ParamGrid): Markup => {
  if (best === null) return html`No trial has a ${metric} that rests on enough.`;
  const write = (value: number | null): string =>
    value === null ? '–' : metric === 'sharpe' ? formatNumber(value, 2) : signedPercent(value);
  const name = html`<b>◆ ${strategyName(best)}</b> is the best`;
  if (isPlateau === null) return html`${name}; too few trials to say whether its neighbours are as good.`;
  return isPlateau
    ? html`${name}, on a plateau of ${plural(plateau.size, 'cell')} (outlined): its neighbours average ${write(neighbours)}, the median of all is ${write(median)}.`
    : html`${name}, but <span class="degraded">a peak</span>: its neighbours average only ${write(neighbours)}, the median of all is ${write(median)}; more likely luck than skill.`;
};

const overfitting = ({ overfitting: value, weak }: ResearchTrial): Markup => {
  const because = weak?.['overfitting'];
  if (because !== undefined) return html` PBO: ${unknown(because)}`;
  if (value === null) return html``;
  return html` ${tip(html`PBO <b>${formatPercent(value, 0)}</b>`, 'probability that the trial that was best on one half of the data is below the median on the other (CSCV)')}: ${value > 0.5 ? 'do not believe the best cell' : value > 0.2 ? 'believe it with care' : 'the choice holds out of sample'}.`;
};

/** Table of trials with their metrics and passports. @param more further columns */
export const trialsTable = (trials: readonly ResearchTrial[], more: readonly Column<ResearchTrial>[] = []): Markup =>
  table<ResearchTrial>(
    [
      { head: 'strategy', align: 'text', sortBy: strategyName, cell: strategyName },
      figure('return', (one) => one.metrics['totalReturn'] ?? null, signedPercent),
      figure('over holding', returnOverHold, signedPercent),
      strongFigure('sharpe', 'sharpe', (value) => formatNumber(value, 2)),
      strongFigure('maxDD', 'maxDrawdown', formatPercent),
      figure('trades', (one) => one.metrics['trades'] ?? null, formatNumber),
      figure('skill', strongSkill, (value) => formatNumber(value, 3), 'skill'),
      {
        head: 'passport',
        align: 'text',
        cell: ({ passport }) => (passport === null ? unknown('it carries none') : html`<code>${passport}</code>`),
      },
      ...more,
    ],
    trials,
    { id: 'trials', caption: 'Trials of the strategy' },
  );

/** The skill against the market's price; null where it is undefined or weak. */
export const strongSkill = ({ benchmark }: ResearchTrial): number | null =>
  benchmark?.weak?.['skill'] === undefined ? (benchmark?.skill ?? null) : null;

const figure = (
  head: string,
  value: (trial: ResearchTrial) => number | null,
  write: (value: number) => string,
  key = '',
): Column<ResearchTrial> => ({
  head,
  sortBy: value,
  cell: (trial) => {
    const found = value(trial);
    const { failed, weak, undefined: why, benchmark } = trial;
    return found === null
      ? unknown(failed ?? weak?.[key] ?? why[key] ?? benchmark?.weak?.[key] ?? benchmark?.undefined[key] ?? 'not computed')
      : write(found);
  },
});

const strongFigure = (head: string, key: string, write: (value: number) => string): Column<ResearchTrial> =>
  figure(head, (one) => strongMetric(one, key), write, key);

/** Maximum number of differing trades that are listed. */
const MAX_PAIRS = 200;

/** Compares two backtests trade by trade: their curves, the point where they diverge, and every position that differs. */
export const comparisonSection = ([first, second]: readonly [ComparedTrial, ComparedTrial]): Markup => {
  const pairs = compareTrades(first.trades, second.trades);
  const differing = pairs.filter(({ differs }) => differs);
  const [a, b] = [nameOf(first, second), nameOf(second, first)];
  return html`<p class="facts"><span>A <b>${a}</b></span><span>B <b>${b}</b></span><span><b>${formatNumber(pairs.length - differing.length)}</b> of ${plural(pairs.length, 'position')} are the same</span><span>${differing.length === 0 ? 'they never part' : html`first difference <b>${formatTime(differing[0].entryTime)}</b>`}</span></p>
${curves(first, second)}
<p class="legend"><span>${lineKey('own')}A ${endReturn(fromOne(first.equity))}</span><span>${lineKey('held')}B ${endReturn(fromOne(second.equity))}</span><span>difference <b>${signedPercent((lastOf(first) ?? 1) - (lastOf(second) ?? 1))}</b> of the start</span></p>
${dataTable<TradePair>(PAIR_COLUMNS, differing, { id: 'pairs', caption: 'Positions that differ', limit: MAX_PAIRS, empty: 'every position is the same' })}`;
};

/** Name of a trial's strategy, with the facts that distinguish the trial from the other one. */
const nameOf = ({ trial }: ComparedTrial, { trial: other }: ComparedTrial): string =>
  [
    strategyName(trial),
    ...(trial.symbol === other.symbol && trial.market === other.market ? [] : [`on ${trial.symbol}`]),
    ...(trial.interval === other.interval ? [] : [trial.interval]),
    ...(trial.runId === other.runId ? [] : [`in ${trial.runId}`]),
  ].join(' ');

const fromOne = (points: readonly EquityPoint[]): readonly EquityPoint[] => {
  const start = points[0]?.equity ?? 1;
  return start <= 0 ? [] : points.map(({ time, equity }) => ({ time, equity: equity / start }));
};

const lastOf = ({ equity }: ComparedTrial): number | undefined => fromOne(equity).at(-1)?.equity;

const curves = (first: ComparedTrial, second: ComparedTrial): Markup | false => {
  const [points, other] = [fromOne(first.equity), fromOne(second.equity)];
  if (points.length === 0 || other.length === 0) return false;
  const step = INTERVAL_MS[first.trial.interval];
  const range = { from: Math.min(points[0].time, other[0].time), to: Math.max(points.at(-1)?.time ?? 0, other.at(-1)?.time ?? 0) + step };
  return html`${equityPlots({ points, others: [{ name: 'B', tone: 'held', points: other }], range, gaps: [] }).map((one) => plot(one))}`;
};

const side = (position: ComparedPosition | null, write: (position: ComparedPosition) => Part): Part =>
  position === null ? '–' : write(position);

const PAIR_COLUMNS: readonly Column<TradePair>[] = [
  { head: 'entry_time', align: 'text', cell: ({ entryTime }) => formatTime(entryTime) },
  { head: 'side', align: 'text', cell: (pair) => pair.side },
  ...(['first', 'second'] as const).flatMap((which): Column<TradePair>[] => {
    const letter = which === 'first' ? 'A' : 'B';
    return [
      { head: `${letter} size`, cell: (pair) => side(pair[which], ({ size }) => tableNumber(size)) },
      { head: 'entry_price', cell: (pair) => side(pair[which], ({ entryPrice }) => tableNumber(entryPrice)) },
      { head: 'exit_time', align: 'text', cell: (pair) => side(pair[which], ({ exitTime }) => formatTime(exitTime)) },
      { head: 'pnl', cell: (pair) => side(pair[which], ({ pnl }) => tableNumber(pnl)) },
    ];
  }),
];

/** A position of one backtest: the trades of one entry, joined. */
interface ComparedPosition {
  readonly size: number;
  readonly entryPrice: number;
  readonly exitTime: number;
  readonly pnl: number;
}

/** The positions that two backtests opened at the same time on the same side; null if only the other backtest opened one. */
interface TradePair {
  readonly entryTime: number;
  readonly side: BacktestTrade['side'];
  readonly first: ComparedPosition | null;
  readonly second: ComparedPosition | null;
  readonly differs: boolean;
}

/** Relative difference above which two sizes, prices or profits count as different. */
const TOLERANCE = 1e-6;

/** Pairs the positions of two backtests by the time and side of their entries, in order of time. */
export const compareTrades = (first: readonly BacktestTrade[], second: readonly BacktestTrade[]): readonly TradePair[] => {
  const [ours, theirs] = [positionsByEntry(first), positionsByEntry(second)];
  return [...new Set([...ours.keys(), ...theirs.keys()])]
    .map((key): TradePair => {
      const [a, b] = [ours.get(key) ?? null, theirs.get(key) ?? null];
      const { entryTime, side } = (a ?? b) as Entry;
      return { entryTime, side, first: a, second: b, differs: a === null || b === null || !isSame(a, b) };
    })
    .sort((a, b) => a.entryTime - b.entryTime);
};

interface Entry extends ComparedPosition, Pick<TradePair, 'entryTime' | 'side'> {}

const positionsByEntry = (trades: readonly BacktestTrade[]): ReadonlyMap<string, Entry> => {
  const positions = new Map<string, Entry>();
  for (const { entryTime, side, size, entryPrice, exitTime, pnl } of trades) {
    const key = `${entryTime} ${side}`;
    const before = positions.get(key) ?? { entryTime, side, size: 0, entryPrice, exitTime, pnl: 0 };
    positions.set(key, { ...before, size: before.size + size, exitTime: Math.max(before.exitTime, exitTime), pnl: before.pnl + pnl });
  }
  return positions;
};

const isSame = (a: ComparedPosition, b: ComparedPosition): boolean =>
  a.exitTime === b.exitTime &&
  (['size', 'entryPrice', 'pnl'] as const).every(
    (key) => Math.abs(a[key] - b[key]) <= TOLERANCE * Math.max(1, Math.abs(a[key]), Math.abs(b[key])),
  );
