import { html, type Markup, type Part, raw } from '../elements/html.ts';
import type { AxisTick } from './axis.ts';

/** Width of every plot's drawing units; the drawing stretches with the page while labels keep their size. */
export const PLOT_WIDTH = 1000;

export interface PlotOptions {
  /** Height in pixels, and in drawing units. */
  readonly height: number;
  /** What the picture shows, for who cannot see it. */
  readonly label: string;
  /** Shapes in units of `PLOT_WIDTH` × `height`. */
  readonly shapes: Part;
  readonly x: readonly AxisTick[];
  readonly y: readonly AxisTick[];
  /** Ranges of the x axis without data, as shares of it, with what they are. */
  readonly bands?: readonly PlotBand[];
  /** Words at a place of the x axis, above everything. */
  readonly notes?: readonly AxisTick[];
  readonly marks?: readonly PlotMark[];
  /** Leaves the x axis's words to the plot below it. @default true */
  readonly xLabels?: boolean;
  /** What a script puts in place of the drawing. */
  readonly live?: Part;
}

export interface PlotBand {
  readonly from: number;
  readonly to: number;
  readonly label: string;
  /** For where the label has no room. */
  readonly short: string;
}

/** A small sign at a point, shares of width from the left and of height from the bottom. */
export interface PlotMark {
  readonly x: number;
  readonly y: number;
  readonly sign: string;
  readonly tone: 'up' | 'down';
  readonly about: string;
}

/** Words on a band that is this wide; on a narrower one they would be cut. */
const bandWords = (band: PlotBand): string | null => {
  const wide = band.to - band.from;
  return wide >= 0.24 ? band.label : wide >= 0.085 ? band.short : null;
};
const share = (value: number): string => `${Math.round(value * 100_000) / 1000}%`;

/** A drawing with axes: geometry stretches to the page's width, letters do not. */
export const plot = (options: PlotOptions): Markup => {
  const { height, x, y } = options;
  const grid = y.map((tick) => `M0 ${unit((1 - tick.at) * height)}H${PLOT_WIDTH}`).join('');
  const bands = options.bands ?? [];
  return html`<div class="plot"><div class="area" style="height:${height}px">
${bands.map((band) => html`<span class="hatched" style="left:${share(band.from)};width:${share(band.to - band.from)}" title="${band.label}"></span>`)}
<svg viewBox="0 0 ${PLOT_WIDTH} ${height}" preserveAspectRatio="none" role="img" aria-label="${options.label}"><path class="hair" d="${raw(grid)}"/>${options.shapes}</svg>
${y.map((tick) => html`<span class="y" style="top:${share(1 - tick.at)}">${tick.label}</span>`)}
${bands.map((band) => bandWords(band) !== null && html`<span class="note" style="left:${share((band.from + band.to) / 2)};max-width:${share(band.to - band.from)}">${bandWords(band)}</span>`)}
${options.notes?.map((note) => html`<span class="note" style="left:${share(note.at)};top:auto;bottom:2px">${note.label}</span>`)}
${options.marks?.map((mark) => html`<span class="mark ${mark.tone}" style="left:${share(mark.x)};top:${share(1 - mark.y)}" title="${mark.about}">${mark.sign}</span>`)}
${options.xLabels !== false && html`<span class="x-axis">${x.map((tick, i) => html`<span class="x${i % 2 === 1 && ' minor'}"${tick.time !== undefined && html` data-t="${tick.time}"`} style="left:${share(tick.at)}">${tick.label}</span>`)}</span>`}
</div>${options.live}</div>`;
};

/** A coordinate, short: a tenth of a unit is about a tenth of a pixel. */
export const unit = (value: number): string => String(Math.round(value * 10) / 10);
