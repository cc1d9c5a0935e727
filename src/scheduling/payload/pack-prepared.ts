import type { PreparedRun, ReusedTask, RunConfig } from '../../contracts/run/run-config.ts';
import { PAYLOAD_BUDGET } from './budget.ts';
import { encodedBytes } from './encoded-bytes.ts';
import { type PackedConfig, packConfig, unpackConfig } from './pack-config.ts';
import { type PackedReused, packReused, unpackReused } from './pack-reused.ts';

/** A prepared run as `preparePipeline` returns it. */
export interface PackedPrepared {
  readonly packed: PackedConfig;
  /** Mean seconds by task id or stage, to the millisecond. @default none are known */
  readonly durations?: Readonly<Record<string, number>>;
  /** @default nothing is taken over */
  readonly reused?: PackedReused;
  /** The database does not have the whole config: something secret was written into it. @default it has */
  readonly inline?: boolean;
  /** The run may set the search attributes: the namespace has them. @default it has not */
  readonly searchable?: boolean;
}

/** As it was returned before it was packed; histories hold it. */
export interface PreparedBefore {
  readonly config: RunConfig;
  readonly durations: Readonly<Record<string, number>>;
  readonly reused: Readonly<Record<string, ReusedTask>>;
}

/**
 * Packs a prepared run so that it fits into one payload: of what is taken over reasons and outputs as far as there is room, of the
 * durations those of this run's tasks, and of those only the stages' where there is no room for more.
 */
export function packPrepared({ config, durations, reused, searchable }: PreparedRun, budget = PAYLOAD_BUDGET): PackedPrepared {
  const packed = packConfig(config);
  let left = budget - encodedBytes(packed);
  const told: { durations?: Readonly<Record<string, number>>; reused?: PackedReused } = {};
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
    told.durations = encodedBytes(whole) < left / 2 ? whole : Object.fromEntries(few);
    left -= encodedBytes(told.durations);
  }
  if (reused.size > 0) {
    const bits = 2 * config.symbols.length + config.tasks.length;
    told.reused = packReused(config, reused, { budget: Math.min(REUSED_DETAILS, left - bits - 1_000) });
  }
  return { packed, ...told, ...(searchable ? { searchable } : {}) };
}

/** Bytes: reasons and outputs of what is taken over. */
const REUSED_DETAILS = 500_000;

/** The prepared run of either form. */
export function readPrepared(given: PackedPrepared | PreparedBefore): PreparedRun {
  if ('config' in given) {
    return { config: given.config, durations: given.durations, reused: new Map(Object.entries(given.reused)) };
  }
  const config = unpackConfig(given.packed);
  return {
    config,
    durations: given.durations ?? {},
    ...(given.inline ? { inline: true } : {}),
    ...(given.searchable ? { searchable: true } : {}),
    reused: given.reused === undefined ? new Map() : unpackReused(config, given.reused),
  };
}
