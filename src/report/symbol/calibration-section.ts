import type { CalibrationBin } from '../../backtest/metrics/calibration.ts';
import { calibrationPlot } from '../charts/calibration-svg.ts';
import { plot } from '../charts/plot.ts';
import { formatNumber, tableNumber } from '../elements/format.ts';
import { html, type Markup } from '../elements/html.ts';
import { dataTable } from '../elements/table.ts';
import { unknown } from '../elements/tip.ts';
import type { CalibrationTable } from './symbol-data.ts';

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
