import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { ReusedTask, RunConfig } from '../../contracts/run/run-config.ts';
import { STAGES, stageTaskId } from '../../contracts/words.ts';
import { STAGE_DETAIL_LIMIT } from '../run/run-events.ts';
import { encodedBytes } from './encoded-bytes.ts';

/** The tasks taken over from an earlier run: two characters per symbol, one per custom task, and the details of a few. */
export interface PackedReused {
  /** Each symbol's stages as bits, `collect` the lowest, in base 36 and two characters. */
  readonly symbols: string;
  /** `1` for each custom task that is taken over, `0` for each other. */
  readonly tasks: string;
  /** Distinct reasons, each with the places of the tasks it applies to. A stage's place is 6 · symbol + stage; custom tasks follow. */
  readonly degraded: readonly (readonly [reasons: readonly string[], places: readonly number[]])[];
  readonly outputs: readonly (readonly [place: number, output: Json])[];
}

type Named = Pick<RunConfig, 'symbols' | 'tasks'>;

function placesOf({ symbols, tasks }: Named): readonly string[] {
  return [...symbols.flatMap(({ symbol }) => STAGES.map((stage) => stageTaskId(symbol, stage))), ...tasks.map(({ taskId }) => taskId)];
}

/** @param options.budget bytes for reasons first, then outputs; the ledger has what does not fit */
export function packReused(config: Named, reused: ReadonlyMap<string, ReusedTask>, { budget }: { budget: number }): PackedReused {
  const places = placesOf(config);
  const stages = STAGES.length;
  const bits = (symbol: number): number =>
    STAGES.reduce((sum, _, stage) => sum + (reused.has(places[symbol * stages + stage]) ? 1 << stage : 0), 0);
  const degraded = new Map<string, readonly [readonly string[], number[]]>();
  const outputs: (readonly [number, Json])[] = [];
  let left = budget;
  for (const [place, taskId] of places.entries()) {
    const reasons = reused.get(taskId)?.degraded ?? [];
    if (reasons.length === 0) continue;
    const key = JSON.stringify(reasons);
    const known = degraded.get(key);
    left -= known === undefined ? encodedBytes(reasons) + 10 : 7;
    if (left < 0) break;
    if (known === undefined) degraded.set(key, [reasons, [place]]);
    else known[1].push(place);
  }
  // A run that is reported by symbol keeps no outputs of stages.
  const first = config.symbols.length > STAGE_DETAIL_LIMIT ? config.symbols.length * stages : 0;
  for (let place = first; place < places.length; place++) {
    const output = reused.get(places[place])?.output;
    if (output === undefined || output === null) continue;
    const bytes = encodedBytes(output) + 10;
    if (bytes > left) continue;
    left -= bytes;
    outputs.push([place, output]);
  }
  return {
    symbols: config.symbols.map((_, symbol) => bits(symbol).toString(36).padStart(2, '0')).join(''),
    tasks: config.tasks.map(({ taskId }) => (reused.has(taskId) ? '1' : '0')).join(''),
    degraded: [...degraded.values()],
    outputs,
  };
}

/** Restores the tasks taken over from an earlier run, by task id. */
export function unpackReused(config: Named, { symbols, tasks, degraded, outputs }: PackedReused): ReadonlyMap<string, ReusedTask> {
  const places = placesOf(config);
  const stages = STAGES.length;
  const facts = new Map<number, { output?: Json; degraded?: readonly string[] }>();
  for (const [reasons, of] of degraded) for (const place of of) facts.set(place, { degraded: reasons });
  for (const [place, output] of outputs) facts.set(place, { ...facts.get(place), output });
  const reused = new Map<string, ReusedTask>();
  for (const [place, taskId] of places.entries()) {
    const symbol = Math.floor(place / stages);
    const taken =
      symbol < config.symbols.length
        ? (Number.parseInt(symbols.slice(2 * symbol, 2 * symbol + 2), 36) & (1 << (place % stages))) !== 0
        : tasks[place - config.symbols.length * stages] === '1';
    if (taken) reused.set(taskId, facts.get(place) ?? {});
  }
  return reused;
}
