import type { CalibrationBin } from '../../backtest/metrics/calibration.ts';
import { formatNumber, tableNumber } from '../elements/format.ts';
import { html, type Markup, raw } from '../elements/html.ts';
import { dataTable } from '../elements/table.ts';
import { unknown } from '../elements/tip.ts';
import type { CalibrationTable } from '../symbol/symbol-data.ts';
import { PLOT_WIDTH, type PlotOptions, plot, unit } from './plot.ts';

const HEIGHT = 220;

/** Plots each bin's hit rate over its mean forecast, with its Wilson interval; perfect forecasts lie on the diagonal. */
export const calibrationPlot = (bins: readonly CalibrationBin[]): PlotOptions => {
  const bars = bins.map((bin) => {
    const x = unit(bin.meanForecast * PLOT_WIDTH);
    return `M${x} ${unit((1 - bin.wilsonLow) * HEIGHT)}V${unit((1 - bin.wilsonHigh) * HEIGHT)}`;
  });
  const quarters = [0, 0.25, 0.5, 0.75, 1].map((at) => ({ at, label: String(at) }));
  return {
    height: HEIGHT,
    label: `calibration of ${bins.length} bins: hit rate over mean forecast`,
    shapes: html`<path class="rule" d="M0 ${HEIGHT}L${PLOT_WIDTH} 0"/><path class="line quiet-line" d="${raw(bars.join(''))}"/>`,
    x: quarters,
    y: quarters,
    marks: bins.map((bin) => ({
      x: bin.meanForecast,
      y: bin.hitRate,
      sign: '●',
      tone: 'up',
      about: `forecast ${formatNumber(bin.meanForecast, 3)}, hit rate ${formatNumber(bin.hitRate, 3)} over ${bin.count} closes`,
    })),
  };
};

/** The calibration of prices over the symbol's resolved markets, one plot per interval. */
export const calibrationSection = (tables: readonly CalibrationTable[]): Markup =>
  html`<section><h2>Calibration</h2>
<p class="quiet">Over the resolved markets of this symbol: how often a price of p came true. Bars are Wilson 95 % intervals over as many outcomes as there are markets, not closes; the dashed line is a perfect forecaster.</p>
<div class="halves">${tables.map((table, i) => html`<div><h3>${table.of}</h3>${plot(calibrationPlot(table.bins))}${binTable(table, `cal${i}`)}</div>`)}</div></section>`;

const binTable = ({ of, bins }: CalibrationTable, id: string): Markup =>
  dataTable<CalibrationBin>(
    [
      { head: 'forecast', align: 'text', cell: (bin) => `${tableNumber(bin.from)}–${tableNumber(bin.to)}` },
      { head: 'count', cell: (bin) => formatNumber(bin.count) },
      {
        head: 'markets',
        cell: (bin) => (bin.markets === undefined ? unknown('not counted') : formatNumber(bin.markets)),
      },
      { head: 'mean forecast', cell: (bin) => formatNumber(bin.meanForecast, 3) },
      { head: 'hit rate', cell: (bin) => formatNumber(bin.hitRate, 3) },
      { head: 'wilson low', cell: (bin) => formatNumber(bin.wilsonLow, 3) },
      { head: 'wilson high', cell: (bin) => formatNumber(bin.wilsonHigh, 3) },
    ],
    bins,
    { id, caption: `Calibration ${of}` },
  );
