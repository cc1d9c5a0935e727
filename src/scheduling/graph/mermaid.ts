import type { Graph } from './graph.ts';

/** The graph as a Mermaid flowchart: a box per symbol, custom tasks next to them, critical tasks marked. An arrow points to the dependant. */
export function mermaidOf(graph: Graph): string {
  const lines = ['flowchart LR'];
  const node = (task: number): string => {
    const label = `"${graph.ids[task].replaceAll('"', '#quot;')}"`;
    const shape = graph.symbolOf[task] < 0 ? `([${label}])` : `[${label}]`;
    return `t${task}${shape}${graph.critical[task] === 1 ? ':::critical' : ''}`;
  };
  for (const [index, symbol] of graph.symbols.entries()) {
    lines.push(`  subgraph s${index}["${symbol}"]`);
    for (let task = graph.firstTask[index]; task >= 0; task = graph.nextStage[task]) lines.push(`    ${node(task)}`);
    lines.push('  end');
  }
  for (let task = 0; task < graph.size; task++) if (graph.symbolOf[task] < 0) lines.push(`  ${node(task)}`);
  const { offsets, targets } = graph.dependants;
  for (let task = 0; task < graph.size; task++) {
    for (let edge = offsets[task]; edge < offsets[task + 1]; edge++) lines.push(`  t${task} --> t${targets[edge]}`);
  }
  if (graph.critical.includes(1)) lines.push('  classDef critical stroke-width:3px,stroke:#c0392b');
  return lines.join('\n');
}
