import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { PreparedRun, ReusedTask, RunConfig } from '../../contracts/run/run-config.ts';
import { STAGES, stageTaskId } from '../../contracts/words.ts';
import { STAGE_DETAIL_LIMIT } from '../run/run-events.ts';
import { encodedBytes, PAYLOAD_BUDGET } from './budget.ts';
import { type PackedConfig, packConfig, unpackConfig } from './pack-config.ts';

/** A prepared run as `preparePipeline` returns it. */
export interface PackedPrepared {
  readonly packed: PackedConfig;
  /** Mean seconds by task id or stage, to the millisecond. @default none are known */
  readonly durations?: Readonly<Record<string, number>>;
  /** Tasks that are taken over from an earlier run. @default none */
  readonly reused?: PackedReused;
  /** Whether the stored config is incomplete, because the input contains a secret, which is not stored. @default false */
  readonly inline?: boolean;
  /** Whether the Temporal namespace has PredictLab's search attributes, so that the run may set them. @default false */
  readonly searchable?: boolean;
}

/** The answer of `preparePipeline` to a run of universes whose markets have to be listed first. */
export interface UniversesToExpand {
  readonly expand: readonly string[];
  /** UTC epoch milliseconds. */
  readonly asOf: number;
}

/**
 * Packs a prepared run so that it fits into one payload. Reasons and outputs of reused tasks are kept while there is room; durations are
 * kept per task, or per stage when there is less room.
 */
export function packPrepared({ config, durations, reused, searchable }: PreparedRun, budget = PAYLOAD_BUDGET): PackedPrepared {
  const packed = packConfig(config);
  let left = budget - encodedBytes(packed);
  const details: { durations?: Readonly<Record<string, number>>; reused?: PackedReused } = {};
  const known = Object.entries(durations);
  if (known.length > 0) {
    const ids = new Set(config.tasks.map(({ taskId }) => taskId));
    const symbols = new Set(config.symbols.map(({ symbol }) => symbol));
    const stages = Object.keys(config.stages);
    const isOurs = (name: string): boolean =>
      ids.has(name) ||
      stages.some((stage) => name === stage || (name.endsWith(`/${stage}`) && symbols.has(name.slice(0, -stage.length - 1))));
    const all = known.filter(([name]) => isOurs(name)).map(([name, seconds]) => [name, Math.round(seconds * 1000) / 1000] as const);
    const few = all.filter(([name]) => stages.includes(name));
    const whole = Object.fromEntries(all);
    details.durations = encodedBytes(whole) < left / 2 ? whole : Object.fromEntries(few);
    left -= encodedBytes(details.durations);
  }
  if (reused.size > 0) {
    const bits = 2 * config.symbols.length + config.tasks.length;
    details.reused = packReused(config, reused, { budget: Math.min(REUSED_DETAILS, left - bits - 1_000) });
  }
  return { packed, ...details, ...(searchable ? { searchable } : {}) };
}

/** Maximum number of bytes of the reasons and outputs of reused tasks. */
const REUSED_DETAILS = 500_000;

/** Restores the prepared run that `packPrepared` packed. */
export function readPrepared(given: PackedPrepared): PreparedRun {
  const config = unpackConfig(given.packed);
  return {
    config,
    durations: given.durations ?? {},
    ...(given.inline ? { inline: true } : {}),
    ...(given.searchable ? { searchable: true } : {}),
    reused: given.reused === undefined ? new Map() : unpackReused(config, given.reused),
  };
}

/** The tasks taken over from an earlier run: two characters per symbol, one per custom task, and the details of a few. */
interface PackedReused {
  /** Two base-36 characters per symbol, with a bit for each stage that is taken over; `collect` is the lowest bit. */
  readonly symbols: string;
  /** One character per custom task: `1` when it is taken over, else `0`. */
  readonly tasks: string;
  /** Distinct reasons, each with the places of the tasks it applies to. A stage's place is 6 · symbol + stage; custom tasks follow. */
  readonly degraded: readonly (readonly [reasons: readonly string[], places: readonly number[]])[];
  readonly outputs: readonly (readonly [place: number, output: Json])[];
}

type Named = Pick<RunConfig, 'symbols' | 'tasks'>;

function placesOf({ symbols, tasks }: Named): readonly string[] {
  return [...symbols.flatMap(({ symbol }) => STAGES.map((stage) => stageTaskId(symbol, stage))), ...tasks.map(({ taskId }) => taskId)];
}

/** @param options.budget maximum bytes of reasons and outputs; reasons come first, and those that do not fit remain in the ledger */
function packReused(config: Named, reused: ReadonlyMap<string, ReusedTask>, { budget }: { budget: number }): PackedReused {
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
  // A run whose status lists symbols instead of stages keeps no outputs of stages.
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
function unpackReused(config: Named, { symbols, tasks, degraded, outputs }: PackedReused): ReadonlyMap<string, ReusedTask> {
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
