import { formatNumber, formatTime, plural } from '../elements/format.ts';
import { html, type Markup, type Part } from '../elements/html.ts';
import { type Column, table } from '../elements/table.ts';
import { tabs } from '../elements/tabs.ts';
import { tip } from '../elements/tip.ts';
import { sitePage } from '../site/site-page.ts';
import { strategyName } from '../symbol/equity-chart.ts';
import { walkForwardSection } from '../symbol/walk-forward-section.ts';
import { type ResearchPageData, type ResearchTrial, returnOverHold, strongMetric } from './research-data.ts';
import { comparisonSection, gridSection, heatColour, signedPercent, strongSkill, trialsTable } from './research-sections.ts';

interface HeatMetric {
  readonly label: string;
  readonly value: (trial: ResearchTrial) => number | null;
  readonly write: (value: number) => string;
  readonly why: (trial: ResearchTrial) => string;
}

const METRICS: readonly HeatMetric[] = [
  {
    label: 'return over holding',
    value: returnOverHold,
    write: signedPercent,
    why: ({ failed, benchmark }) => failed ?? benchmark?.undefined['buyAndHold.totalReturn'] ?? 'no return or no benchmark',
  },
  {
    label: 'skill against the price',
    value: strongSkill,
    write: (value) => formatNumber(value, 3),
    why: ({ failed, benchmark }) => failed ?? benchmark?.weak?.['skill'] ?? benchmark?.undefined['skill'] ?? 'no benchmark',
  },
  {
    label: 'Sharpe ratio',
    value: (trial) => strongMetric(trial, 'sharpe'),
    write: (value) => formatNumber(value, 2),
    why: ({ failed, weak, undefined: why }) => failed ?? weak?.['sharpe'] ?? why['sharpe'] ?? 'not computed',
  },
];

/** The address of the page of research for a symbol's strategy, the run of its trial `chosen.trial`, and two trials to compare. */
const addressOf = (
  trial: Pick<ResearchTrial, 'symbol' | 'strategy'>,
  chosen: { readonly trial?: number; readonly a?: number; readonly b?: number } = {},
): string => {
  const ids = Object.entries(chosen).map(([name, id]) => [name, String(id)]);
  const query = new URLSearchParams({ symbol: trial.symbol, strategy: trial.strategy, ...Object.fromEntries(ids) });
  return `/research?${query.toString()}#chosen`;
};

/** The page of research: every strategy on every symbol, the grid of one strategy, its walk-forwards, and two trials side by side. */
export const renderResearchPage = (data: ResearchPageData): string => {
  const { best, now, madeBy } = data;
  const strategies = [...new Set(best.map(({ strategy }) => strategy))].sort();
  const symbols = [...new Set(best.map(({ symbol }) => symbol))].sort();
  return sitePage({
    title: 'Research · PredictLab',
    current: 'research',
    isWide: true,
    body: html`<header><div class="over"><span class="kind">Research</span><h1>${plural(strategies.length, 'strategy', 'strategies')} on ${plural(symbols.length, 'symbol')}</h1></div>
<p class="facts"><span>after costs, on the terms of each run</span><span>hatched: rests on too little</span><span>as of <b>${formatTime(now, 'second')}</b></span></p></header>
<main><section><h2>Strategies × symbols</h2>${
      best.length === 0
        ? html`<p class="none">No run has backtests yet. <code>predictlab run</code> backtests every symbol.</p>`
        : tabs(
            METRICS.map((metric, i) => ({ label: metric.label, content: heatMap(metric, { id: `heat${i}`, best, strategies, symbols }) })),
            {
              name: 'heat',
              legend: 'Metric of the heat map',
              note: 'the best trial of each strategy; press a cell for its grid and its rows',
            },
          )
    }${symbols.length >= data.maxSymbols && html`<p class="quiet">the first ${formatNumber(data.maxSymbols)} symbols by name; <code>predictlab export backtests</code> has all</p>`}</section>
${chosenSection(data)}
${data.compared !== null && html`<section id="compare"><h2>Compare trade by trade</h2>${comparisonSection(data.compared)}${otherRuns(data)}</section>`}</main>`,
    footer: html`${madeBy} · times are UTC`,
  });
};

const heatMap = (
  metric: HeatMetric,
  {
    id,
    best,
    strategies,
    symbols,
  }: { id: string; best: readonly ResearchTrial[]; strategies: readonly string[]; symbols: readonly string[] },
): Markup => {
  const bySymbol = new Map(symbols.map((symbol) => [symbol, new Map<string, ResearchTrial>()]));
  for (const trial of best) bySymbol.get(trial.symbol)?.set(trial.strategy, trial);
  const known = best.map((trial) => Math.abs(metric.value(trial) ?? 0)).sort((a, b) => a - b);
  // The 90th percentile: with the maximum, one extreme market would leave all other cells pale.
  const full = known[Math.floor(0.9 * (known.length - 1))] ?? 0;
  const columns: Column<string>[] = [
    {
      head: 'symbol',
      align: 'text',
      sortBy: (symbol) => symbol,
      cell: (symbol) => html`<a href="/symbols/${encodeURIComponent(symbol)}">${symbol}</a>`,
    },
    ...strategies.map((strategy): Column<string> => {
      const at = (symbol: string): ResearchTrial | undefined => bySymbol.get(symbol)?.get(strategy);
      const value = (symbol: string): number | null => {
        const trial = at(symbol);
        return trial === undefined ? null : metric.value(trial);
      };
      return { head: strategy, sortBy: value, cell: (symbol) => heatCell(metric, at(symbol), full) };
    }),
  ];
  return table(columns, symbols, { id, className: 'heat', caption: `${metric.label}, strategies by symbols` });
};

const heatCell = (metric: HeatMetric, trial: ResearchTrial | undefined, full: number): Part => {
  if (trial === undefined) return '';
  const value = metric.value(trial);
  const about = `${strategyName(trial)} on ${trial.market}, ${trial.interval}; ${plural(trial.trials, 'trial')}; run ${trial.runId}`;
  const text = value === null ? '░' : metric.write(value);
  const flaw = trial.metrics['trades'] === 0 ? 'it never traded' : (trial.weak?.['sharpe'] ?? trial.undefined['sharpe']);
  const isWeak = value === null || flaw !== undefined;
  const why = value === null ? metric.why(trial) : (flaw ?? '');
  // weak values get a pale colour: a strong one would hide their hatching
  const shade = (known: number): number => (isWeak ? Math.max(-full, Math.min(full, known)) / 4 : known);
  return tip(
    html`<a class="cell${isWeak && ' hatch'}" href="${addressOf(trial)}"${value !== null && html` style="${heatColour(shade(value), full)}"`}>${text}</a>`,
    why === '' ? about : `${about}; ${why}`,
    false,
  );
};

const chosenSection = ({ chosen, compared }: ResearchPageData): Markup | false => {
  const first = chosen?.trials[0];
  if (chosen === null || first === undefined) return false;
  const [a, b] = [compared?.[0].trial.id, compared?.[1].trial.id];
  const compare: Column<ResearchTrial> = {
    head: 'compare',
    align: 'text',
    cell: (trial) =>
      html`<a href="${addressOf(first, { trial: first.id, a: trial.id, ...(b !== undefined && { b }) })}">${trial.id === a ? html`<b>A</b>` : 'A'}</a> <a href="${addressOf(first, { trial: first.id, ...(a !== undefined && { a }), b: trial.id })}">${trial.id === b ? html`<b>B</b>` : 'B'}</a>`,
  };
  const run: Column<ResearchTrial> = {
    head: 'rows',
    align: 'text',
    cell: ({ symbol, runId }) =>
      html`<a href="/symbols/${encodeURIComponent(symbol)}">symbol</a> <a href="/runs/${encodeURIComponent(runId)}">run</a>`,
  };
  return html`<section id="chosen"><h2>${first.strategy} on ${first.symbol}, ${first.interval}</h2><p class="quiet">${first.market}</p>
${chosen.runs.length > 1 && html`<p>run: ${chosen.runs.map(({ id, runId, trials }, i) => html`${i > 0 && ', '}${runId === first.runId ? html`<b>${runId}</b>` : html`<a href="${addressOf(first, { trial: id })}">${runId}</a>`} (${plural(trials, 'trial')})`)}</p>`}
${gridSection(chosen.trials, (trial) => addressOf(first, { trial: first.id, a: trial.id, ...(b !== undefined && { b }) }))}
${trialsTable(chosen.trials, [compare, run])}
${walkForwardSection(chosen, 'research')}</section>`;
};

const otherRuns = ({ compared, otherRuns: runs }: ResearchPageData): Markup | false => {
  const first = compared?.[0].trial;
  if (first === undefined || runs.length === 0) return false;
  return html`<p>the same as A in another run: ${runs.map(({ id, runId }, i) => html`${i > 0 && ', '}<a href="${addressOf(first, { trial: first.id, a: first.id, b: id })}">${runId}</a>`)}</p>`;
};
