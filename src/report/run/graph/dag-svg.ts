import { groupedBy } from '../../../contracts/grouped-by.ts';
import type { PipelineStatus, TaskResult } from '../../../contracts/run/pipeline-status.ts';
import type { RunConfig } from '../../../contracts/run/run-config.ts';
import { STAGES, type Stage, stageTaskId } from '../../../contracts/words.ts';
import { plural } from '../../elements/format.ts';
import { html, type Markup, raw } from '../../elements/html.ts';
import { STATE_GLYPHS, type State } from '../../elements/tip.ts';
import { worstState } from '../symbol-tasks.ts';

/** A custom task, or consecutive stages of all symbols with the same dependencies. */
export interface DagNode {
  readonly name: string;
  /** The stages of the node, such as `collect → kline`; empty for a custom task. */
  readonly detail: string;
  readonly state: State;
  /** Number of the node's tasks that succeeded or failed. */
  readonly done: number;
  readonly tasks: number;
  /** The task ids or symbols that the node stands for, shown on hover. */
  readonly about: string;
}

export interface Dag {
  readonly nodes: readonly DagNode[];
  /** Pairs of indices into `nodes`: the node `to` waits for the node `from`. */
  readonly edges: readonly (readonly [from: number, to: number])[];
}

/** Consecutive stages of a symbol between two points where custom tasks are attached. */
interface Piece {
  readonly stages: readonly Stage[];
  /** Custom tasks that the stages wait for. */
  readonly gates: readonly string[];
  /** Custom tasks that wait for the stages. */
  readonly followers: readonly string[];
}

/** The dependency graph of a run; symbols with the same dependencies share their nodes. `undefined` for a run without custom tasks. */
export const dagOf = (status: PipelineStatus, config: RunConfig): Dag | undefined => {
  if (config.tasks.length === 0) return undefined;
  const stages = STAGES.slice(0, STAGES.indexOf(config.untilStage) + 1);
  const gates = new Map<string, string[]>();
  const followers = new Map<string, string[]>();
  const push = (map: Map<string, string[]>, key: string, value: string): void => void map.set(key, [...(map.get(key) ?? []), value]);
  for (const { taskId, dependencies, runBefore } of config.tasks) {
    for (const before of dependencies) push(followers, before, taskId);
    for (const after of runBefore) push(gates, after, taskId);
  }
  const split = config.symbols.map(({ symbol }) => ({ symbol, pieces: piecesOf(symbol, stages, gates, followers) }));
  const nodes: DagNode[] = [];
  const edges: (readonly [number, number])[] = [];
  const custom = new Map<string, number>();
  for (const { taskId } of config.tasks) {
    custom.set(taskId, nodes.length);
    nodes.push(nodeOf(taskId, '', [status.taskResults[taskId]], taskId));
  }
  for (const { taskId, dependencies } of config.tasks) {
    for (const before of dependencies) if (custom.has(before)) edges.push([custom.get(before) ?? 0, custom.get(taskId) ?? 0]);
  }
  for (const group of groupedBy(split, ({ pieces }) => JSON.stringify(pieces)).values()) {
    const symbols = group.map(({ symbol }) => symbol);
    let last: number | undefined;
    for (const piece of group[0].pieces) {
      const at = nodes.length;
      nodes.push(pieceNode(symbols, piece, status));
      if (last !== undefined) edges.push([last, at]);
      for (const gate of piece.gates) edges.push([custom.get(gate) ?? 0, at]);
      for (const follower of piece.followers) edges.push([at, custom.get(follower) ?? 0]);
      last = at;
    }
  }
  return { nodes, edges };
};

const piecesOf = (
  symbol: string,
  stages: readonly Stage[],
  gates: ReadonlyMap<string, readonly string[]>,
  followers: ReadonlyMap<string, readonly string[]>,
): readonly Piece[] => {
  const pieces: { stages: Stage[]; gates: readonly string[]; followers: readonly string[] }[] = [];
  let isCut = true;
  for (const stage of stages) {
    const id = stageTaskId(symbol, stage);
    const before = gates.get(id) ?? [];
    const after = followers.get(id) ?? [];
    const open = pieces.at(-1);
    if (open === undefined || isCut || before.length > 0) pieces.push({ stages: [stage], gates: before, followers: after });
    else {
      open.stages.push(stage);
      open.followers = after;
    }
    isCut = after.length > 0;
  }
  return pieces;
};

const pieceNode = (symbols: readonly string[], { stages }: Piece, { taskResults }: PipelineStatus): DagNode => {
  const name = symbols.length === 1 ? symbols[0] : `${symbols.length} symbols`;
  const detail = stages.length === 1 ? stages[0] : `${stages[0]} → ${stages.at(-1)}`;
  // The status of a large run names symbols instead of their stages.
  const tasks = symbols.flatMap((symbol) => {
    const own = stages.flatMap((stage) => taskResults[stageTaskId(symbol, stage)] ?? []);
    return own.length > 0 ? own : [taskResults[symbol]];
  });
  const more = symbols.length > 12 ? `, … ${symbols.length - 12} more` : '';
  return nodeOf(name, detail, tasks, `${symbols.slice(0, 12).join(', ')}${more}: ${stages.join(', ')}`);
};

const nodeOf = (name: string, detail: string, tasks: readonly (TaskResult | undefined)[], about: string): DagNode => {
  const known = tasks.filter((task): task is TaskResult => task !== undefined);
  const done = known.filter(({ status }) => status === 'success' || status === 'failed').length;
  return { name, detail, state: worstState(known), done, tasks: tasks.length, about };
};

/** The column of each node: one after the last node that it waits for. A planned graph has no cycle. */
export const layersOf = ({ nodes, edges }: Dag): readonly number[] => {
  const layers = nodes.map(() => 0);
  // Every round settles at least one more column, and no path is longer than the number of nodes.
  for (let round = 0, moved = true; moved && round < nodes.length; round++) {
    moved = false;
    for (const [from, to] of edges) {
      if (layers[to] > layers[from]) continue;
      layers[to] = layers[from] + 1;
      moved = true;
    }
  }
  return layers;
};

const BOX = { width: 228, height: 38 } as const;
const GAP = { x: 56, y: 16 } as const;
const MAX_LETTERS = 26;
/** Maximum number of characters in a box's second line, whose font is smaller. */
const MAX_DETAIL = 34;
/** Maximum number of boxes that are drawn: more cannot be read. `plan --mermaid` prints all. */
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

/** The second line of a box; the state is left out if not everything fits, because the box's symbol also shows it. */
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
