import type { EquityPoint } from '../../backtest/record/curve-columns.ts';
import type { StoredStretch, StoredWindow } from '../../backtest/record/walk-forward-columns.ts';
import { DAY_MS, INTERVAL_MS } from '../../contracts/words.ts';
import { type WalkForwardChart, walkForwardPlot } from '../charts/equity-svg.ts';
import { lineKey, plot } from '../charts/plot.ts';
import { DASH, formatDay, formatNumber, formatPercent, paramsText, plural } from '../elements/format.ts';
import { html, type Markup } from '../elements/html.ts';
import { type Column, dataTable, table } from '../elements/table.ts';
import { tip, unknown, withError } from '../elements/tip.ts';
import type { InstrumentSection, WalkForwardSection } from './symbol-data.ts';

/** Maximum number of rows of the table of windows: a long history in short windows has hundreds. */
const MAX_WINDOWS = 200;

/** Out-of-sample results of the strategies: figures by interval, one chart, and the windows that it shows. */
export const walkForwardSection = ({ walkForwards = [] }: Pick<InstrumentSection, 'walkForwards'>, id: string): Markup | false => {
  const [first] = walkForwards;
  if (first === undefined) return false;
  const drawn = walkForwards.find(({ curves }) => curves !== null);
  const chart = drawn === undefined ? undefined : walkForwardChart(drawn);
  return html`<h3>Out of sample: picked on ${plural(first.trainMs / DAY_MS, 'day')}, traded on the ${plural(first.testMs / DAY_MS, 'day')} after</h3>
${table(COLUMNS, walkForwards, { id: `${id}-w`, caption: 'Walk-forward by interval' })}
${drawn !== undefined && chart !== undefined && html`${plot(walkForwardPlot(chart))}${legend(drawn)}`}
${drawn !== undefined && dataTable<StoredWindow>(WINDOW_COLUMNS, drawn.windows, { id: `${id}-wf`, caption: `Windows on ${drawn.interval}`, limit: MAX_WINDOWS })}`;
};

/** A dash with its reason that is not a tab stop, for tables with hundreds of them. */
const plainDash = (reason: string): Markup => tip(html`<span class="dash">${DASH}</span>`, reason, false);

/** A figure of a stretch, or a dash with the reason why it is undefined or weak. */
const measure = (
  stretch: StoredStretch | null,
  name: string,
  value: number | null,
  write: (value: number) => Markup | string,
  dash = unknown,
): Markup | string => {
  const weak = stretch?.weak[name];
  if (weak !== undefined) return dash(weak);
  return value === null ? dash(stretch?.undefined[name] ?? 'there is no window') : write(value);
};

const strong = (stretch: StoredStretch | null, name: 'totalReturn' | 'sharpe' | 'maxDrawdown'): number | null =>
  stretch === null || stretch.weak[name] !== undefined ? null : stretch[name];

const sharpe = (stretch: StoredStretch | null, dash = unknown): Markup | string =>
  measure(
    stretch,
    'sharpe',
    stretch?.sharpe ?? null,
    (value) => (typeof stretch?.sharpeError === 'number' ? withError(value, stretch.sharpeError) : formatNumber(value, 2)),
    dash,
  );

const percent = (value: number): string => formatPercent(value);

const COLUMNS: readonly Column<WalkForwardSection>[] = [
  {
    head: 'interval',
    align: 'text',
    cell: ({ interval, curves }) => html`${interval}${curves !== null && html` ${tip('◆', 'drawn below', false)}`}`,
  },
  {
    head: 'windows',
    about:
      'Each picks the trial with the best Sharpe ratio in its training part and trades it on the days after. A pick is weak where that ratio rests on too little.',
    sortBy: ({ windows }) => windows.length,
    cell: ({ windows, skipped, failed, undefined: why, weak }) => {
      if (windows.length === 0) return unknown(why['windows'] ?? 'not known');
      const remarks = [
        ...(weak['picks'] === undefined ? [] : [{ words: 'weak picks', why: weak['picks'] }]),
        ...(skipped.length === 0
          ? []
          : [{ words: `+ ${formatNumber(skipped.length)} left out`, why: [...new Set(skipped.map(({ because }) => because))].join('; ') }]),
        ...(failed.length === 0
          ? []
          : [{ words: `${formatNumber(failed.length)} failed`, why: failed.map(({ because }) => because).join('; ') }]),
      ];
      if (remarks.length === 0) return formatNumber(windows.length);
      return tip(
        html`${formatNumber(windows.length)} <span class="quiet">${remarks.map(({ words }) => words).join(', ')}</span>`,
        remarks.map(({ why }) => why).join('; '),
      );
    },
  },
  {
    head: 'return',
    about: 'All tests one after the other, each on what the ones before left.',
    sortBy: ({ outOfSample }) => strong(outOfSample, 'totalReturn'),
    cell: ({ outOfSample }) => measure(outOfSample, 'totalReturn', outOfSample?.totalReturn ?? null, percent),
  },
  {
    head: 'sharpe',
    about: 'Of all tests as one, with its standard error.',
    sortBy: ({ outOfSample }) => strong(outOfSample, 'sharpe'),
    cell: ({ outOfSample }) => sharpe(outOfSample),
  },
  {
    head: 'deflated Sharpe',
    about: 'Probability that the true Sharpe ratio of the tests beats what the best of all trials would show by luck.',
    sortBy: ({ outOfSample }) => (outOfSample?.weak['deflatedSharpe'] === undefined ? (outOfSample?.deflatedSharpe ?? null) : null),
    cell: ({ outOfSample }) =>
      measure(outOfSample, 'deflatedSharpe', outOfSample?.deflatedSharpe ?? null, (value) => formatNumber(value, 2)),
  },
  {
    head: 'PBO',
    about:
      'Probability of backtest overfitting: that the trial that was best on one half of the series is below the median on the other (CSCV).',
    sortBy: ({ overfitting, weak }) => (weak['overfitting'] === undefined ? overfitting : null),
    cell: ({ overfitting, undefined: why, weak }) =>
      overfitting === null || weak['overfitting'] !== undefined
        ? unknown(weak['overfitting'] ?? why['overfitting'] ?? why['windows'] ?? 'not known')
        : formatPercent(overfitting, 0),
  },
  {
    head: 'maxDD',
    about: 'Deepest fall of all tests as one.',
    sortBy: ({ outOfSample }) => strong(outOfSample, 'maxDrawdown'),
    cell: ({ outOfSample }) => measure(outOfSample, 'maxDrawdown', outOfSample?.maxDrawdown ?? null, percent),
  },
  {
    head: 'trades',
    about: 'Positions taken in the tests.',
    sortBy: ({ outOfSample }) => outOfSample?.trades ?? null,
    cell: ({ outOfSample }) => (outOfSample === null ? unknown('there is no window') : formatNumber(outOfSample.trades)),
  },
  {
    head: 'proof',
    about: 'Decisions of the picked trials that changed when they were run again without their future.',
    sortBy: ({ lookAhead }) => lookAhead?.changed ?? null,
    cell: ({ lookAhead, notProvable }) => {
      if (lookAhead === null) return unknown('no proof is stored with this walk-forward');
      const words = `${formatNumber(lookAhead.changed)} of ${formatNumber(lookAhead.of)} changed`;
      if (lookAhead.changed > 0) return html`<span class="failed">✕ ${words}</span>`;
      return notProvable.length === 0 ? words : tip(html`${words} <span class="quiet">not provable</span>`, notProvable.join('; '));
    },
  },
  {
    head: 'trials',
    about: 'Combinations of strategies and parameters that each window picked from.',
    sortBy: ({ trials }) => trials,
    cell: ({ trials }) => formatNumber(trials),
  },
];

const WINDOW_COLUMNS: readonly Column<StoredWindow>[] = [
  { head: 'train_from', align: 'text', cell: (window) => formatDay(window.trainFrom) },
  { head: 'test_from', align: 'text', cell: (window) => formatDay(window.testFrom) },
  { head: 'test_to', align: 'text', cell: (window) => formatDay(window.testTo) },
  { head: 'picked', align: 'text', cell: ({ strategy, params }) => [strategy, paramsText(params)].join(' ').trim() },
  ...(['inSample', 'outOfSample'] as const).flatMap((part): Column<StoredWindow>[] => {
    const words = part === 'inSample' ? 'in sample' : 'out of sample';
    return [
      { head: `${words}: return`, cell: (window) => measure(window[part], 'totalReturn', window[part].totalReturn, percent, plainDash) },
      { head: 'sharpe', cell: (window) => sharpe(window[part], plainDash) },
      { head: 'maxDD', cell: (window) => measure(window[part], 'maxDrawdown', window[part].maxDrawdown, percent, plainDash) },
      { head: 'trades', cell: (window) => formatNumber(window[part].trades) },
    ];
  }),
];

/** Curves of a walk-forward: all tests as one, and each pick's training days, scaled to end at the equity with which its test starts. */
export function walkForwardChart({ interval, windows, curves }: WalkForwardSection): WalkForwardChart | undefined {
  if (curves === null || curves.outOfSample.length === 0) return undefined;
  const step = INTERVAL_MS[interval];
  const closed = (points: readonly EquityPoint[]): EquityPoint[] => points.map(({ time, equity }) => ({ time: time + step, equity }));
  const tests = closed(curves.outOfSample);
  return {
    outOfSample: [{ time: windows[0]?.testFrom ?? tests[0].time, equity: 1 }, ...tests],
    inSample: curves.inSample.flatMap((points, i) => {
      const window = windows[i];
      const last = points.at(-1)?.equity ?? 0;
      if (window === undefined || last <= 0) return [];
      const factor = (tests.findLast(({ time }) => time <= window.testFrom)?.equity ?? 1) / last;
      const begin = { time: window.trainFrom, equity: factor };
      return [[begin, ...closed(points).map(({ time, equity }) => ({ time, equity: equity * factor }))]];
    }),
    begins: windows.map(({ testFrom }) => testFrom),
  };
}

const legend = ({ interval }: WalkForwardSection): Markup =>
  html`<p class="legend"><span>${lineKey('own')}out of sample on ${interval}: each window’s pick on the days after, starting from 1</span><span>${lineKey('in-sample')}in sample: what the pick had brought on the days it was picked on, ending where its test begins</span></p>`;
