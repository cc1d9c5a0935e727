import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** A CPU profile as V8 writes it. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
    readonly children?: readonly number[];
  }[];
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** The parts of a worker, each with the files whose functions belong to it. The first that matches counts. */
const PARTS: readonly (readonly [part: string, pattern: RegExp])[] = [
  ['reducer and status', /\/src\/scheduling\//],
  ['ledger SQL', /\/src\/storage\/|\/node_modules\/pg/],
  ['payload codec and secrets', /\/src\/secrets\//],
  ['logging and metrics', /\/src\/telemetry\/|prom-client|pino/],
  ['pages', /\/src\/(report|activities\/report)\//],
  ['task runner', /\/src\/(activities|plugins)\//],
  ['workflows', /\/src\/workflows\//],
  ['our other code', /\/(dist\/)?(src|contracts)\//],
  ['plain baseline and tasks', /\/bench\//],
  ['SDK (JavaScript)', /node_modules\/(@temporalio|protobufjs|long|rxjs)|webpack/],
  ['Node.js', /^node:/],
];
const IDLE = new Set(['(idle)', '(root)']);

/** Seconds of each part in the profiles of a folder, all threads together. A function without a file counts for its caller. */
export async function secondsByPart(
  folder: string,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<Map<string, number>> {
  const seconds = new Map<string, number>();
  for (const file of await readdir(folder)) {
    const profile = JSON.parse(await readFile(path.join(folder, file), 'utf8')) as CpuProfile;
    const partOf = partsOf(profile);
    let at = profile.startTime;
    for (const [i, delta] of profile.timeDeltas.entries()) {
      at += delta;
      const part = partOf.get(profile.samples[i]);
      if (part === undefined || at < from || at > to) continue;
      seconds.set(part, (seconds.get(part) ?? 0) + delta / 1e6);
    }
  }
  return new Map([...seconds].sort(([, a], [, b]) => b - a));
}

function partsOf({ nodes }: CpuProfile): Map<number, string> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parts = new Map<number, string>();
  const visit = (id: number, inherited: string): void => {
    const { callFrame, children = [] } = byId.get(id)!;
    const { functionName, url } = callFrame;
    const own = url === '' ? undefined : PARTS.find(([, pattern]) => pattern.test(url))?.[0];
    const part =
      functionName === '(garbage collector)' ? 'garbage collector' : functionName === '(program)' ? 'native code' : (own ?? inherited);
    if (!IDLE.has(functionName)) parts.set(id, part);
    for (const child of children) visit(child, part);
  };
  visit(nodes[0].id, 'Node.js');
  return parts;
}
