import { formatNumber } from '../elements/format.ts';
import { html, type Markup, raw } from '../elements/html.ts';
import type { CalibrationBin } from '../page-data/symbol-page-data.ts';
import { PLOT_WIDTH, plot, unit } from './plot.ts';

const HEIGHT = 220;

/** Hit rate over mean forecast per bin with its Wilson interval; a perfect forecaster lies on the diagonal. */
export const calibrationSvg = (bins: readonly CalibrationBin[]): Markup => {
  const known = bins.filter((bin) => bin.meanForecast !== null && bin.hitRate !== null);
  const bars = known.map((bin) => {
    const x = unit((bin.meanForecast ?? 0) * PLOT_WIDTH);
    return `M${x} ${unit((1 - (bin.wilsonLow ?? 0)) * HEIGHT)}V${unit((1 - (bin.wilsonHigh ?? 0)) * HEIGHT)}`;
  });
  const quarters = [0, 0.25, 0.5, 0.75, 1].map((at) => ({ at, label: String(at) }));
  return plot({
    height: HEIGHT,
    label: `calibration of ${known.length} bins: hit rate over mean forecast`,
    shapes: html`<path class="rule" d="M0 ${HEIGHT}L${PLOT_WIDTH} 0"/><path class="line" stroke="var(--quiet)" d="${raw(bars.join(''))}"/>`,
    x: quarters,
    y: quarters,
    marks: known.map((bin) => ({
      x: bin.meanForecast ?? 0,
      y: bin.hitRate ?? 0,
      sign: '●',
      tone: 'up',
      about: `forecast ${formatNumber(bin.meanForecast, 3)}, came true ${formatNumber(bin.hitRate, 3)} of ${bin.count}`,
    })),
  });
};
