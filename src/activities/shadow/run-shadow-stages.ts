import { shippedStrategies } from '../../backtest/strategies/registry.ts';
import type { Log } from '../../contracts/log.ts';
import type { StageSettings } from '../../contracts/run/run-config.ts';
import type { StageEffect } from '../../contracts/task/stage-report.ts';
import type { LoadedPlugins } from '../../plugins/plugins.ts';
import type { Database } from '../../storage/database/database.ts';
import { SHADOW_EXECUTION } from '../../storage/shadow/frozen-inputs.ts';
import type { PluginThreads } from '../custom/threads/plugin-threads.ts';
import { createBacktest } from '../stages/backtest/backtest.ts';
import { createClean } from '../stages/clean.ts';
import { createKline } from '../stages/kline.ts';
import { recordedWork, type StageFunction } from '../stages/stage-work.ts';
import { createStore } from '../stages/store.ts';

/** The stages that a shadow repeats: `collect` would query the venue, and `visualize` would write pages. */
export const SHADOW_STAGES = ['clean', 'store', 'kline', 'backtest'] as const;
export type ShadowStage = (typeof SHADOW_STAGES)[number];

export interface ShadowEffect {
  readonly stage: ShadowStage;
  readonly seconds: number;
  readonly effect: StageEffect;
}

/** Runs the stages of this build on a symbol's staged rows in a separate schema, outside of Temporal. */
export async function runShadowStages(
  database: Database,
  {
    symbol,
    settings,
    untilStages,
    plugins,
    threads,
    log,
    signal,
  }: {
    readonly symbol: string;
    readonly settings: StageSettings;
    readonly untilStages: readonly ShadowStage[];
    readonly plugins: LoadedPlugins;
    readonly threads: PluginThreads;
    readonly log: Log;
    readonly signal: AbortSignal;
  },
): Promise<readonly ShadowEffect[]> {
  const stages: Record<ShadowStage, StageFunction> = {
    clean: createClean(),
    store: createStore({ database, log }),
    kline: createKline(),
    backtest: createBacktest({ database, strategies: [...shippedStrategies, ...plugins.strategies], threads, log }),
  };
  const effects: ShadowEffect[] = [];
  for (const stage of untilStages) {
    const input = { runId: SHADOW_EXECUTION, executionId: SHADOW_EXECUTION, symbol, stage, settings };
    const begun = performance.now();
    const effect = await stages[stage](input, recordedWork(database, input, { log, signal }));
    effects.push({ stage, seconds: (performance.now() - begun) / 1_000, effect });
  }
  return effects;
}
