import type { CalibrationBin } from '../../backtest/metrics/calibration.ts';
import { formatNumber } from '../elements/format.ts';
import { html, raw } from '../elements/html.ts';
import { PLOT_WIDTH, type PlotOptions, unit } from './plot.ts';

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
