import { html, type Markup, type Part, raw } from '../elements/html.ts';
import type { AxisTick } from './axis.ts';

/** Width of every plot in drawing units; the drawing stretches with the page, labels keep their size. */
export const PLOT_WIDTH = 1000;

export interface PlotOptions {
  /** Height of the plot; pixels and drawing units are the same vertically. */
  readonly height: number;
  readonly label: string;
  /** Shapes in units of `PLOT_WIDTH` × `height`. */
  readonly shapes: Part;
  readonly x: readonly AxisTick[];
  readonly y: readonly AxisTick[];
  /** Ranges of the x axis without data, as shares of its length. */
  readonly bands?: readonly PlotBand[];
  /** Text at positions of the x axis, above everything. */
  readonly notes?: readonly AxisTick[];
  readonly marks?: readonly PlotMark[];
  /** Whether the x axis has labels; a plot above another one leaves them out. @default true */
  readonly xLabels?: boolean;
  /** The element that the page's script replaces with an interactive chart. */
  readonly live?: Part;
}

export interface PlotBand {
  readonly from: number;
  readonly to: number;
  readonly label: string;
  /** Shorter label for bands on which the full label does not fit. */
  readonly short: string;
}

/** A sign at a point; `x` and `y` are shares of the width and height, from the bottom left. */
export interface PlotMark {
  readonly x: number;
  readonly y: number;
  readonly sign: string;
  readonly tone: 'up' | 'down';
  /** Font size in pixels. @default 10 */
  readonly size?: number;
  readonly about: string;
}

/** The longest label that fits on a band; null if none fits. */
const bandLabel = (band: PlotBand): string | null => {
  const wide = band.to - band.from;
  return wide >= 0.24 ? band.label : wide >= 0.085 ? band.short : null;
};
/** Position of a centred label, moved right so that the left edge does not cut it; half a character is about 0.29 em wide. */
const leftOf = ({ at, label }: AxisTick): string => (at < 0.12 ? `max(${share(at)},${(label.length * 0.29).toFixed(1)}em)` : share(at));
const share = (value: number): string => `${Math.round(value * 100_000) / 1000}%`;

/** Draws a plot with its axes: shapes stretch to the page's width, text does not. */
export const plot = (options: PlotOptions): Markup => {
  const { height, x, y } = options;
  const grid = y.map((tick) => `M0 ${unit((1 - tick.at) * height)}H${PLOT_WIDTH}`).join('');
  const bands = options.bands ?? [];
  return html`<div class="plot"><div class="area" style="height:${height}px">
${bands.map((band) => html`<span class="hatched" style="left:${share(band.from)};width:${share(band.to - band.from)}" title="${band.label}"></span>`)}
<svg viewBox="0 0 ${PLOT_WIDTH} ${height}" preserveAspectRatio="none" role="img" aria-label="${options.label}"><path class="hair" d="${raw(grid)}"/>${options.shapes}</svg>
${y.map((tick) => html`<span class="y" style="top:${share(1 - tick.at)}">${tick.label}</span>`)}
${bands.map((band) => bandLabel(band) !== null && html`<span class="note" style="left:${share((band.from + band.to) / 2)};max-width:${share(band.to - band.from)}">${bandLabel(band)}</span>`)}
${options.notes?.map((note) => html`<span class="note" style="left:${share(note.at)};top:auto;bottom:2px;transform:translateX(${note.at > 0.5 ? '-100%' : '0'})">${note.label}</span>`)}
${options.marks?.map((mark) => html`<span class="mark ${mark.tone}" style="left:${share(mark.x)};top:${share(1 - mark.y)}${mark.size !== undefined && `;font-size:${mark.size}px`}" title="${mark.about}">${mark.sign}</span>`)}
${options.xLabels !== false && html`<span class="x-axis">${x.map((tick, i) => html`<span class="x${i % 2 === 1 && ' minor'}"${tick.time !== undefined && html` data-t="${tick.time}"`} style="left:${leftOf(tick)}">${tick.label}</span>`)}</span>`}
</div>${options.live}</div>`;
};

/** A coordinate rounded to a tenth of a unit, about a tenth of a pixel. */
export const unit = (value: number): string => String(Math.round(value * 10) / 10);

/** A line of a chart as a key of its legend. @param tone CSS classes of the line */
export const lineKey = (tone: string): Markup => html`<svg class="key" viewBox="0 0 12 10"><path class="line ${tone}" d="M0 5H12"/></svg>`;
