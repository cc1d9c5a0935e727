import { PLOT_WIDTH, type PlotOptions, unit } from '../charts/plot.ts';
import { html, type Markup, raw } from '../elements/html.ts';
import { LIGHT_COLOURS } from '../elements/page/theme.ts';

export interface Picture {
  /** Name of the picture's file, without extension. */
  readonly name: string;
  readonly title: string;
  /** The plots of the picture, drawn one below the other with a common x axis. */
  readonly plots: readonly PlotOptions[];
  /** Lines of the drawing by CSS class, with their names. */
  readonly legend?: readonly { readonly tone: string; readonly text: string }[];
}

const MARGIN = { left: 24, top: 34, bottom: 28 } as const;
const MIN_RIGHT = 76;
/** Approximate width of a capital letter: symbols' names are in capitals. */
const LETTER = 8.6;
const GAP = 12;
const LEGEND_HEIGHT = 18;
/** The packaged font first, so that pictures look the same on every machine. */
const FONT = "'DejaVu Sans',Verdana,sans-serif";

/** CSS of the drawings, as on the pages; each picture contains it. */
const STYLE = `text{font:11px ${FONT};fill:var(--quiet)}.title{font-size:14px;fill:var(--text)}
.line{fill:none;stroke-width:1.5}.hair{fill:none;stroke:var(--grid)}.rule{fill:none;stroke:var(--quiet);stroke-dasharray:4 3}
.up-line{fill:none;stroke:var(--up)}.down-line{fill:none;stroke:var(--down)}.up-body{fill:none;stroke:var(--up)}.down-body{fill:var(--ground);stroke:var(--down)}
.volume{fill:none;stroke:var(--shade-2);opacity:.55}.under{fill:var(--down);opacity:.25}.quiet-line{stroke:var(--quiet)}.own{stroke:var(--accent)}.in-sample{stroke:var(--quiet);stroke-width:1;opacity:.6}
.looks-0{stroke:var(--accent)}.looks-1{stroke:var(--warn)}.looks-2{stroke:var(--shade-1)}.twin-0{stroke:var(--text)}.twin-1{stroke:var(--quiet)}.line.dots{stroke-width:3;stroke-linecap:round}
.held{stroke:var(--quiet);stroke-dasharray:5 3}.fall{stroke:var(--down)}.other-0{stroke:var(--up)}.other-1{stroke:var(--warn)}.other-2{stroke:var(--shade-1)}
.bar-0,.bar-2,.bar-4{fill:var(--shade-1)}.bar-1,.bar-3,.bar-5{fill:var(--shade-2)}.bar-custom{fill:var(--accent)}.bar-failed{fill:var(--down)}
.bar-wait{fill:none;stroke:var(--hatch)}.bar-between{fill:none;stroke:var(--hatch);stroke-width:9;stroke-dasharray:1 3}.bar-path{fill:var(--text)}.plate{fill:var(--ground)}.cut{overflow:hidden}.up{fill:var(--up)}.down{fill:var(--down)}`;

/** A picture as a self-contained SVG document; the same picture gives the same bytes. */
export const pictureSvg = ({ title, plots, legend = [] }: Picture): string => {
  const longest = Math.max(0, ...plots.flatMap(({ y }) => y.map(({ label }) => label.length)));
  const width = MARGIN.left + PLOT_WIDTH + Math.max(MIN_RIGHT, longest * LETTER + 16);
  let top = MARGIN.top;
  const placed = plots.map((plot) => {
    const at = top;
    top += plot.height + GAP;
    return html`<g transform="translate(${MARGIN.left} ${at})">${drawing(plot)}</g>\n`;
  });
  const below = top - GAP + MARGIN.bottom;
  const height = below + (legend.length === 0 ? 0 : LEGEND_HEIGHT);
  const keys = legend.map(
    ({ tone, text }, i) =>
      html`<g transform="translate(${MARGIN.left + (i * PLOT_WIDTH) / Math.max(legend.length, 4)} ${below + 6})"><path class="line ${tone}" d="M0 -4H16"/><text x="22">${text}</text></g>`,
  );
  const document = html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
<style>${raw(STYLE)}</style>
<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0V6" stroke="var(--hatch)"/></pattern></defs>
<rect class="plate" width="${width}" height="${height}"/>
<text class="title" x="${MARGIN.left}" y="20">${title}</text>
${placed}${keys}
</svg>
`;
  return document.text.replace(/var\(--([a-z0-9-]+)\)/g, (whole, name: string) => LIGHT_COLOURS.get(name) ?? whole);
};

const drawing = (plot: PlotOptions): Markup => {
  const { height, x, y, bands = [], notes = [], marks = [] } = plot;
  const down = (share: number): string => unit((1 - share) * height);
  return html`${bands.map((band) => html`<rect x="${unit(band.from * PLOT_WIDTH)}" width="${unit(Math.max(0.5, (band.to - band.from) * PLOT_WIDTH))}" height="${height}" fill="url(#hatch)"/>`)}
<path class="hair" d="${raw(y.map((tick) => `M0 ${down(tick.at)}H${PLOT_WIDTH}`).join(''))}"/>${plot.shapes}
${y.map((tick) => html`<text x="${PLOT_WIDTH + 6}" y="${unit((1 - tick.at) * height + 4)}">${tick.label}</text>`)}
${bands.map((band) => band.to - band.from >= 0.12 && plated(((band.from + band.to) / 2) * PLOT_WIDTH, 12, band.short))}
${notes.map((note) => plated(note.at * PLOT_WIDTH, height - 6, note.label))}
${marks.map((mark) => html`<text class="${mark.tone}" x="${unit(mark.x * PLOT_WIDTH)}" y="${unit((1 - mark.y) * height + 4)}" text-anchor="middle"${mark.size !== undefined && html` style="font-size:${mark.size}px"`}>${mark.sign}</text>`)}
${plot.xLabels !== false && x.map((tick) => html`<text x="${unit(tick.at * PLOT_WIDTH)}" y="${height + 16}" text-anchor="${anchor(tick.at)}">${tick.label}</text>`)}`;
};

/** Text on a background that covers what is behind it. */
const plated = (at: number, down: number, text: string): Markup => {
  const wide = text.length * 6.6 + 6;
  return html`<rect class="plate" x="${unit(at - wide / 2)}" y="${down - 10}" width="${unit(wide)}" height="14"/><text x="${unit(at)}" y="${down + 1}" text-anchor="middle">${text}</text>`;
};

/** The `text-anchor` of a label, so that labels at the edges stay inside the picture. */
const anchor = (at: number): string => (at < 0.02 ? 'start' : at > 0.98 ? 'end' : 'middle');
