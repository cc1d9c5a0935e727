import { linear, valueTicks } from '../charts/axis.ts';
import { calibrationPlot } from '../charts/calibration-svg.ts';
import { candlesPlot } from '../charts/candles-svg.ts';
import { equityPlots, walkForwardPlot } from '../charts/equity-svg.ts';
import { formatDuration } from '../elements/format.ts';
import { html } from '../elements/html.ts';
import type { RunPageData } from '../run/run-data.ts';
import { lastEndedChain, taskSpans } from '../run/run-facts.ts';
import { groupRun } from '../run/symbol-tasks.ts';
import { ganttBars, ganttRows, slowest } from '../run/time/gantt.ts';
import { candleChart } from '../symbol/candle-panel.ts';
import { chosenChart, strategyName } from '../symbol/equity-chart.ts';
import type { InstrumentSection, SymbolPageData } from '../symbol/symbol-data.ts';
import { walkForwardChart } from '../symbol/walk-forward-section.ts';
import type { Picture } from './picture.ts';

/** Every chart of a symbol's page. File names begin with the symbol, followed by the instrument's number where there are several. */
export const symbolPictures = (data: SymbolPageData): readonly Picture[] => [
  ...data.instruments.flatMap((section, i) => instrumentPictures(section, data, i === 0 ? '' : `-${i + 1}`)),
  ...data.calibration.map(
    ({ of, bins }): Picture => ({
      name: `${data.symbol}-calibration-${of.replaceAll(' ', '-')}`,
      title: `${data.symbol} · calibration, ${of}: how often a price of p came true, with Wilson 95 % intervals`,
      plots: [calibrationPlot(bins)],
    }),
  ),
];

const instrumentPictures = (section: InstrumentSection, data: SymbolPageData, place: string): readonly Picture[] => {
  const what = `${data.symbol} · ${section.title || section.id} · ${section.source}`;
  const candles = section.series
    .filter((series) => series.candles.length > 0)
    .map((series): Picture => {
      const chart = candleChart(section, series, data.asOf);
      return {
        name: `${data.symbol}${place}-candles-${series.interval}`,
        title: `${what} · ${series.interval}`,
        plots: [candlesPlot(chart)],
        legend: chart.lines.map(({ tone, kind, name }) => ({ tone: `${tone} ${kind}`, text: name })),
      };
    });
  const walked = (section.walkForwards ?? []).flatMap((one): Picture[] => {
    const drawn = walkForwardChart(one);
    if (drawn === undefined) return [];
    return [
      {
        name: `${data.symbol}${place}-walk-forward-${one.interval}`,
        title: `${what} · out of sample on ${one.interval}`,
        plots: [walkForwardPlot(drawn)],
        legend: [
          { tone: 'own', text: 'out of sample' },
          { tone: 'in-sample', text: 'in sample' },
        ],
      },
    ];
  });
  const row = section.chosen === null ? undefined : section.backtests[section.chosen.index];
  const chart = chosenChart(section, data.asOf);
  if (row === undefined || chart === undefined) return [...candles, ...walked];
  return [
    ...candles,
    ...walked,
    {
      name: `${data.symbol}${place}-equity-${row.interval}`,
      title: `${what} · return of ${strategyName(row)} on ${row.interval}`,
      plots: equityPlots(chart),
      legend: [{ tone: 'own', text: chart.name }, ...chart.others.map(({ tone, name }) => ({ tone, text: name }))],
    },
  ];
};

const ROW = 18;

/** The run's time chart; empty before any task has run. */
export const runPictures = ({ result, config, attempts = {} }: RunPageData): readonly Picture[] => {
  const spans = taskSpans(result);
  if (spans.length === 0) return [];
  const groups = groupRun(result, config);
  const rows = slowest(ganttRows(spans, groups));
  const start = Math.min(Date.parse(result.startedAt), ...spans.map((span) => span.from));
  const end = Math.max(start + result.durationSeconds * 1000, ...spans.map((span) => span.to));
  const path = new Set(lastEndedChain(result, config));
  const x = linear(start, end);
  const shapes = rows.map((row, i) => html`<g transform="translate(0 ${i * ROW})">${ganttBars(row, { start, x, path, attempts })}</g>`);
  return [
    {
      name: 'run-time',
      title: `${result.runId}: ${result.result}, when each task ran; the critical path is underlined`,
      plots: [
        {
          height: rows.length * ROW,
          label: 'when each task ran',
          shapes,
          x: valueTicks(0, Math.max((end - start) / 1000, 0.001), 8, formatDuration),
          y: rows.map((row, i) => ({ at: 1 - (i + 0.5) / rows.length, label: row.name })),
        },
      ],
    },
  ];
};
