import type { PreparedRun } from '../../contracts/run/run-config.ts';
import { PAYLOAD_BUDGET } from './budget.ts';
import { encodedBytes } from './encoded-bytes.ts';
import { type PackedConfig, packConfig, unpackConfig } from './pack-config.ts';
import { type PackedReused, packReused, unpackReused } from './pack-reused.ts';

/** A prepared run as `preparePipeline` returns it. */
export interface PackedPrepared {
  readonly packed: PackedConfig;
  /** Mean seconds by task id or stage, to the millisecond. @default none are known */
  readonly durations?: Readonly<Record<string, number>>;
  /** Tasks that are taken over from an earlier run. @default none */
  readonly reused?: PackedReused;
  /** Whether the database lacks part of the config, because a secret was written into it. @default false */
  readonly inline?: boolean;
  /** Whether the run may set the search attributes: the namespace has them. @default false */
  readonly searchable?: boolean;
}

/**
 * Packs a prepared run so that it fits into one payload. Reasons and outputs of reused tasks are kept as far as there is room. Durations
 * are kept for this run's tasks, or for the stages only where there is no room for more.
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

/** Most bytes of the reasons and outputs of reused tasks. */
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
