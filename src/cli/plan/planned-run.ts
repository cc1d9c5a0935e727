import { customTasks } from '../../activities/custom/custom-tasks.ts';
import { loadPlugins } from '../../activities/custom/load-plugins.ts';
import { knownNames, withShards } from '../../activities/run/known-names.ts';
import { shippedStrategies } from '../../backtest/strategies/registry.ts';
import { InvalidPipelineError, type Problem } from '../../contracts/errors.ts';
import type { PipelineInput } from '../../contracts/run/pipeline-input.ts';
import type { PlannedTask } from '../../contracts/run/pipeline-status.ts';
import type { RunConfig } from '../../contracts/run/run-config.ts';
import { windowOf } from '../../contracts/run/run-window.ts';
import { appendClause } from '../../contracts/text/nearest-name.ts';
import { stageTaskId } from '../../contracts/words.ts';
import { parsePipelineInput } from '../../input/pipeline-schema.ts';
import { recordOf } from '../../input/raw-input.ts';
import { inlineProblems } from '../../input/size-problems.ts';
import { buildGraph, type Graph } from '../../scheduling/graph/graph.ts';
import { type EarlierRun, planOf } from '../../scheduling/graph/plan.ts';
import { packConfig } from '../../scheduling/payload/pack-config.ts';
import { STAGE_DETAIL_LIMIT } from '../../scheduling/run/run-events.ts';
import { redactedPlace, redactInput } from '../../secrets/redact-input.ts';
import type { Database, Queryable } from '../../storage/database/database.ts';
import { namesFor, shippedNames } from '../../storage/markets/first-catalogue.ts';
import { instrumentsOf } from '../../storage/markets/instruments.ts';
import { gapsOf } from '../../storage/ticks/coverage.ts';
import { latenessBySource } from '../../storage/ticks/lateness.ts';
import { withResting } from './universe-lines.ts';

interface PlannedRun {
  readonly config: RunConfig;
  readonly graph: Graph;
  /** The universes whose markets the run lists first. */
  readonly universes: readonly string[];
}

/**
 * Checks an input as a run would, against the same catalogue, strategies and activities.
 * @param database `undefined` when there is none yet: the shipped catalogue applies then
 * @throws InvalidPipelineError that lists every problem (exit code 2)
 */
export async function plannedRun(database: Queryable | undefined, input: PipelineInput): Promise<PlannedRun> {
  const plugins = await loadPlugins(process.env);
  const names = database === undefined ? shippedNames() : await namesFor(database, recordOf(input).symbols);
  const expanded = withShards(input, names);
  const parsed = parsePipelineInput(expanded.input, {
    ...knownNames({
      symbols: expanded.symbols,
      strategies: [...shippedStrategies, ...plugins.strategies],
      activities: customTasks(plugins, process.env),
      env: process.env,
      planned: true,
    }),
    now: Date.now(),
    clock: Date.now(),
  });
  if ('problems' in parsed) throw new InvalidPipelineError(withPluginHint(parsed.problems));
  const inline = inlineProblems(redactedPlace(redactInput(parsed.config)), packConfig(parsed.config));
  if (inline.length > 0) throw new InvalidPipelineError(inline);
  const built = buildGraph(parsed.config);
  if ('problems' in built) throw new InvalidPipelineError(built.problems);
  return { config: parsed.config, graph: built.graph, universes: expanded.universes };
}

/** Adds a hint to problems about unknown activities and strategies: they may come from a plugin that is not loaded here. */
function withPluginHint(problems: readonly Problem[]): Problem[] {
  const { PREDICTLAB_PLUGINS: named } = process.env;
  const hint = named ? `PREDICTLAB_PLUGINS is ${named}` : 'a plugin of yours must be named in PREDICTLAB_PLUGINS, which is not set';
  return problems.map((problem) =>
    /^unknown (?:activity|strategy) /.test(problem.message) ? { ...problem, message: appendClause(problem.message, hint) } : problem,
  );
}

/**
 * What a planned run would do with each of its tasks, in execution order.
 * @param database `undefined` when there is none yet
 */
export async function plannedTasks(
  database: Database | undefined,
  { config, graph, universes }: PlannedRun,
  earlier?: EarlierRun,
): Promise<readonly PlannedTask[]> {
  const tasks = await withResting(database, planOf(graph, earlier), { config, universes });
  return await withCoverage(database, { tasks, config });
}

/** Adds to each `collect` task a note on how much of its window is already stored. */
async function withCoverage(
  database: Database | undefined,
  { tasks, config }: { tasks: readonly PlannedTask[]; config: RunConfig },
): Promise<readonly PlannedTask[]> {
  // This takes one query per instrument, so it is done only for plans that are short enough to read.
  if (config.symbols.length > STAGE_DETAIL_LIMIT) return tasks;
  const notes = new Map<string, string>();
  for (const { symbol } of config.symbols) notes.set(stageTaskId(symbol, 'collect'), await collectNote(database, symbol, config));
  return tasks.map((task) => {
    const note = task.action === 'run' ? notes.get(task.taskId) : undefined;
    return note === undefined ? task : { ...task, reason: `${task.reason}; ${note}` };
  });
}

async function collectNote(
  database: Database | undefined,
  symbol: string,
  { sourceTypes, daysBack, refetch, asOf }: RunConfig,
): Promise<string> {
  if (refetch) return 'fetches the whole window again (refetch)';
  const instruments = database === undefined ? [] : await instrumentsOf(database, symbol, sourceTypes);
  if (database === undefined || instruments.length === 0) return 'nothing is collected yet';
  const window = windowOf({ asOf, daysBack });
  const lateness = await latenessBySource(database, asOf);
  let lacking = 0;
  for (const { key, source, opensAt, closed, closedAt } of instruments) {
    const from = Math.max(window.from, opensAt ?? window.from);
    const to = Math.min(window.to - lateness(source), (closed ? closedAt : undefined) ?? window.to);
    if ((await gapsOf(database, key, 'trade', { from, to })).length > 0) lacking++;
  }
  return lacking === 0
    ? `all ${instruments.length} known instruments are covered`
    : `fetches what ${lacking} of ${instruments.length} known instruments lack`;
}
