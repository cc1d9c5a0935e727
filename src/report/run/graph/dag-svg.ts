import type { PipelineStatus } from '../../../contracts/run/pipeline-status.ts';
import type { RunConfig } from '../../../contracts/run/run-config.ts';
import { plural } from '../../elements/format.ts';
import { STATE_GLYPHS } from '../../elements/glyphs.ts';
import { html, type Markup, raw } from '../../elements/html.ts';
import { type Dag, type DagNode, dagOf, layersOf } from './dag.ts';

const BOX = { width: 228, height: 38 } as const;
const GAP = { x: 56, y: 16 } as const;
const MAX_LETTERS = 26;
/** Maximum letters of the smaller second line. */
const MAX_DETAIL = 34;
/** Maximum boxes that can be read; `plan --mermaid` prints all. */
const MAX_NODES = 80;

/** Draws the dependencies of tasks from left to right; undefined for a run without custom tasks. */
export const dagSvg = (status: PipelineStatus, config: RunConfig | null): Markup | undefined => {
  const dag = config === null ? undefined : dagOf(status, config);
  if (dag === undefined) return undefined;
  if (dag.nodes.length > MAX_NODES)
    return html`<p class="none">${plural(dag.nodes.length, 'box', 'boxes')} would be too many to read; <code>predictlab plan --mermaid</code> prints the graph</p>`;
  const places = placesOf(dag);
  const width = Math.max(...places.map(({ x }) => x)) + BOX.width + 2;
  const height = Math.max(...places.map(({ y }) => y)) + BOX.height + GAP.y;
  const paths = dag.edges.map(([from, to]) => {
    const [a, b] = [places[from], places[to]];
    if (b.x - a.x > BOX.width + GAP.x) return around(a, b);
    const [x1, y1, x2, y2] = [a.x + BOX.width, a.y + BOX.height / 2, b.x, b.y + BOX.height / 2];
    const bend = Math.max(24, (x2 - x1) / 2);
    return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2 - 5} ${y2}m-4 -3l5 3l-5 3`;
  });
  return html`<div class="scroll" tabindex="0" role="group" aria-label="What waits for what"><svg class="dag" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${spoken(dag)}"><path class="edges" d="${raw(paths.join(''))}"/>${dag.nodes.map(
    (node, i) => {
      const { x, y } = places[i];
      const ends = node.tasks > 1 ? ` ${node.done}/${node.tasks}` : '';
      return html`<g transform="translate(${x} ${y})"><title>${node.about}: ${node.state}${ends}</title><rect width="${BOX.width}" height="${BOX.height}"/><text class="${node.state}" x="9" y="16">${STATE_GLYPHS[node.state]}</text><text class="name" x="25" y="16">${shortened(node.name)}</text><text x="25" y="31">${secondLine(node, ends)}</text></g>`;
    },
  )}</svg></div>`;
};

const placesOf = (dag: Dag): readonly Place[] => {
  const layers = layersOf(dag);
  const rows = new Map<number, number>();
  return layers.map((layer) => {
    const row = rows.get(layer) ?? 0;
    rows.set(layer, row + 1);
    return { x: 1 + layer * (BOX.width + GAP.x), y: 1 + row * (BOX.height + GAP.y) };
  });
};

interface Place {
  readonly x: number;
  readonly y: number;
}

/** The path of an edge that crosses other columns: between the rows, so that no box hides it. */
const around = (a: Place, b: Place): string => {
  const [x1, y1, x2, y2] = [a.x + BOX.width, a.y + BOX.height / 2, b.x, b.y + BOX.height / 2];
  const half = GAP.x / 2;
  const between = a.y + BOX.height + GAP.y / 2;
  return `M${x1} ${y1}C${x1 + half} ${y1} ${x1 + half} ${between} ${x1 + GAP.x} ${between}H${x2 - GAP.x}C${x2 - half} ${between} ${x2 - half} ${y2} ${x2 - 5} ${y2}m-4 -3l5 3l-5 3`;
};

const shortened = (text: string, most = MAX_LETTERS): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** The second line; without the state, which the shape shows too, where not everything fits. */
const secondLine = ({ detail, state }: DagNode, ends: string): string => {
  const whole = `${detail === '' ? state : `${detail}, ${state}`}${ends}`;
  return shortened(whole.length > MAX_DETAIL && ends !== '' ? `${detail},${ends}` : whole, MAX_DETAIL);
};

/** The graph in words, for screen readers. */
const spoken = ({ nodes, edges }: Dag): string =>
  nodes
    .map(({ name, detail, state }, i) => {
      const before = edges.filter(([, to]) => to === i).map(([from]) => nodes[from].name);
      return `${name}${detail === '' ? '' : ` ${detail}`}: ${state}${before.length === 0 ? '' : `, after ${before.join(', ')}`}`;
    })
    .join('; ');
