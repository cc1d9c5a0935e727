import type { Command } from 'commander';
import { loadPlugins } from '../../activities/custom/load-plugins.ts';
import type { PredictLab } from '../../client.ts';
import { messageOf } from '../../contracts/errors.ts';
import type { PipelineInput } from '../../contracts/run/pipeline-input.ts';
import { changedPaths } from '../../contracts/text/changed-paths.ts';
import { redactedPlace } from '../../secrets/redact-input.ts';
import type { Database, Transaction } from '../../storage/database/database.ts';
import { importSymbols } from '../../storage/markets/catalogue.ts';
import { type Configuration, scheduleOf } from '../../storage/runs/configurations.ts';
import { endRollback, recordRollback, takeRollback } from '../../storage/watch/watch-state.ts';
import { buildId } from '../../worker/build-id.ts';
import { plannedRun } from '../plan/planned-run.ts';
import { requestedConfiguration } from '../records/compare-runs.ts';
import { note, printAnswer, usageError } from '../terminal/print.ts';
import { useStoredData, withPredictLab } from '../terminal/session.ts';

interface Options {
  readonly catalogueOnly?: boolean;
  readonly json?: boolean;
}

/** Adds `config rollback`. */
export function registerConfigRollback(config: Command): void {
  config
    .command('rollback <version>')
    .summary('restore the catalogue and the schedule input of a version')
    .description(
      'Restores the symbol catalogue of that version, and the input of the schedule whose runs used it: both or neither. When no scheduled run used the version, only the catalogue is restored. Code and plugins are not changed; the command reports where they differ. Open runs keep their configuration.',
    )
    .option('--catalogue-only', 'do not change the schedule')
    .option('--json', 'print { version, catalogue: { added, updated, removed }, schedule, notRestored: [sentence] }')
    .action(async (text: string, options: Options) => {
      const restored = await useStoredData((database) => restore(database, text, options));
      const { version, catalogue, schedule, notRestored } = restored;
      const { added, updated, removed } = catalogue;
      printAnswer(options.json, restored, [
        `the catalogue is that of version ${version} again: ${added} symbols added, ${updated} kept or changed, ${removed} removed`,
        ...(schedule === null ? [] : [`schedule ${schedule} has the input of version ${version} again`]),
      ]);
      if (!options.json) for (const sentence of notRestored) note(sentence);
    });
}

interface Restored {
  readonly version: number;
  readonly catalogue: { readonly added: number; readonly updated: number; readonly removed: number };
  readonly schedule: string | null;
  readonly notRestored: readonly string[];
}

async function restore(database: Database, text: string, { catalogueOnly }: Options): Promise<Restored> {
  const wanted = await requestedConfiguration(database, text);
  const notRestored = await differences(wanted);
  const back = (transaction: Transaction) => importSymbols(transaction, wanted.catalogue, { replace: true });
  const schedule = catalogueOnly ? undefined : await scheduleOf(database, wanted.version);
  if (schedule === undefined) {
    const unscheduled = catalogueOnly ? [] : [`no schedule is changed: no scheduled run used version ${text}`];
    const catalogue = await database.transaction(async (transaction) => {
      await takeRollback(transaction);
      // Completes a rollback that was interrupted after it had changed the schedule.
      await endRollback(transaction, wanted.version);
      return await back(transaction);
    });
    return { version: wanted.version, catalogue, schedule: null, notRestored: [...unscheduled, ...notRestored] };
  }
  const place = redactedPlace(wanted.input);
  if (place !== undefined)
    throw usageError(
      `the input of version ${text} had a secret or a body in ${place}, which is not stored; restore its catalogue with --catalogue-only and set the input with \`predictlab schedule update --file\`; an input with { "$env": "NAME" } in that place can be restored`,
    );
  return await withPredictLab(async (lab) => {
    let changed = false;
    let before: PipelineInput = {};
    try {
      const catalogue = await database.transaction(async (transaction) => {
        await takeRollback(transaction);
        before = await scheduleBefore(lab, schedule);
        const done = await back(transaction);
        // The schedule is checked against the restored catalogue and changed last: an earlier failure leaves everything unchanged.
        await lab.schedules.update({
          scheduleId: schedule,
          input: wanted.input,
          replaceInput: true,
          check: async (input) => {
            await plannedRun(transaction, input);
            await recordRollback(database, { version: wanted.version, schedule, at: Date.now() });
            changed = true;
          },
        });
        await endRollback(transaction);
        return done;
      });
      return { version: wanted.version, catalogue, schedule, notRestored };
    } catch (error) {
      if (changed) {
        // If this update fails too, the recorded intent shows that the rollback was interrupted.
        await lab.schedules.update({ scheduleId: schedule, input: before, replaceInput: true });
        await endRollback(database);
      }
      throw error;
    }
  });
}

async function scheduleBefore(lab: PredictLab, schedule: string): Promise<PipelineInput> {
  try {
    return (await lab.schedules.show(schedule)).input;
  } catch (error) {
    throw usageError(`${messageOf(error)}; or restore the catalogue alone with --catalogue-only`);
  }
}

/** What a rollback of the configuration cannot restore: differences in the build and the plugins of this shell. */
async function differences({ version, code, plugins }: Configuration): Promise<readonly string[]> {
  const own = process.env.PREDICTLAB_BUILD_ID || buildId();
  const { hashes } = await loadPlugins(process.env);
  const otherCode = `not restored: the code of version ${version} was build ${code}, this is ${own} (\`predictlab deploy rollback\` returns to an earlier build)`;
  return [
    ...(code === own ? [] : [otherCode]),
    ...changedPaths(plugins, hashes).map(({ path, before, after }) => {
      const how = before === null ? 'was not part of it' : after === null ? 'is not in PREDICTLAB_PLUGINS here' : 'has other code now';
      return `not restored: plugin ${path} ${how}`;
    }),
  ];
}
