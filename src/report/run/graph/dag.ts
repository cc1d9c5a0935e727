import type { PipelineStatus, TaskResult } from '../../../contracts/run/pipeline-status.ts';
import type { RunConfig } from '../../../contracts/run/run-config.ts';
import { STAGES, type Stage, stageTaskId } from '../../../contracts/words.ts';
import type { State } from '../../elements/glyphs.ts';
import { worstState } from '../symbol-tasks.ts';

/** A custom task, or consecutive stages of all symbols with the same dependencies. */
export interface DagNode {
  readonly name: string;
  /** `collect → kline`; empty for a custom task. */
  readonly detail: string;
  readonly state: State;
  /** Number of its tasks that succeeded or failed. */
  readonly done: number;
  readonly tasks: number;
  /** The task ids or symbols that the node stands for, shown on hover. */
  readonly about: string;
}

export interface Dag {
  readonly nodes: readonly DagNode[];
  /** Indices into `nodes`: `to` waits for `from`. */
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

/** The dependency graph of a run with custom tasks, with equal symbols as one node; `undefined` without custom tasks. */
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
  const groups = new Map<string, { symbols: string[]; pieces: readonly Piece[] }>();
  for (const { symbol } of config.symbols) {
    const pieces = piecesOf(symbol, stages, gates, followers);
    const key = JSON.stringify(pieces);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { symbols: [symbol], pieces });
    else group.symbols.push(symbol);
  }
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
  for (const { symbols, pieces } of groups.values()) {
    let last: number | undefined;
    for (const piece of pieces) {
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
  // the status of a large run names symbols only
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
  // each round moves nodes at least one column on; no path is longer than the number of nodes
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
