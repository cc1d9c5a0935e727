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
import { endRollback, intendRollback, takeRollback } from '../../storage/watch/rollback-intent.ts';
import { buildId } from '../../worker/build-id.ts';
import { plannedRun } from '../plan/planned-run.ts';
import { versionIn } from '../records/configuration-changes.ts';
import { usageError } from '../terminal/exit.ts';
import { note, printJson, printLine } from '../terminal/print.ts';
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
      'Puts the symbol catalogue back as it was, and gives the schedule whose runs went by that version its input: both or neither. Where only runs by hand went by it, the catalogue alone is put back. Code and plugins are not changed: it says where they differ. Runs that are open go on as they began.',
    )
    .option('--catalogue-only', 'leave the schedule as it is')
    .option('--json', 'print { version, catalogue: { added, updated, removed }, schedule, notRestored: [sentence] }')
    .action(async (text: string, options: Options) => {
      const restored = await useStoredData((database) => restore(database, text, options));
      if (options.json) return printJson(restored);
      const { version, catalogue, schedule, notRestored } = restored;
      printLine(
        `the catalogue is that of version ${version} again: ${catalogue.added} symbols added, ${catalogue.updated} kept or changed, ${catalogue.removed} removed`,
      );
      if (schedule !== null) printLine(`schedule ${schedule} has the input of version ${version} again`);
      for (const sentence of notRestored) note(sentence);
    });
}

interface Restored {
  readonly version: number;
  readonly catalogue: { readonly added: number; readonly updated: number; readonly removed: number };
  readonly schedule: string | null;
  readonly notRestored: readonly string[];
}

async function restore(database: Database, text: string, { catalogueOnly }: Options): Promise<Restored> {
  const wanted = await versionIn(database, text);
  const notRestored = await differences(wanted);
  const back = (transaction: Transaction) => importSymbols(transaction, wanted.catalogue, { replace: true });
  const schedule = catalogueOnly ? undefined : await scheduleOf(database, wanted.version);
  if (schedule === undefined) {
    const unscheduled = catalogueOnly ? [] : [`no schedule is changed: no scheduled run went by version ${text}`];
    const catalogue = await database.transaction(async (transaction) => {
      await takeRollback(transaction);
      // of one that was cut off behind its schedule this is the rest
      await endRollback(transaction, wanted.version);
      return await back(transaction);
    });
    return { version: wanted.version, catalogue, schedule: null, notRestored: [...unscheduled, ...notRestored] };
  }
  const place = redactedPlace(wanted.input);
  if (place !== undefined) {
    throw usageError(
      `the input of version ${text} had a secret or a body in ${place}, which is not kept; --catalogue-only restores its catalogue, \`predictlab schedule update --file\` sets the input, and { "$env": "NAME" } in it can be put back later`,
    );
  }
  return await withPredictLab(async (lab) => {
    let changed = false;
    let before: PipelineInput = {};
    try {
      const catalogue = await database.transaction(async (transaction) => {
        await takeRollback(transaction);
        before = await scheduleBefore(lab, schedule);
        const done = await back(transaction);
        // checked against what will be there, and set last: what fails until then leaves everything as it was
        await lab.schedules.update({
          scheduleId: schedule,
          input: wanted.input,
          replaceInput: true,
          check: async (input) => {
            await plannedRun(transaction, input);
            await intendRollback(database, { version: wanted.version, schedule, at: Date.now() });
            changed = true;
          },
        });
        await endRollback(transaction);
        return done;
      });
      return { version: wanted.version, catalogue, schedule, notRestored };
    } catch (error) {
      if (changed) {
        // where this fails too, what is noted tells of it
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

/** What a version had and a rollback of the configuration cannot bring: the build and the plugins of this shell. */
async function differences({ version, code, plugins }: Configuration): Promise<readonly string[]> {
  const own = process.env.PREDICTLAB_BUILD_ID || buildId();
  const { hashes } = await loadPlugins(process.env);
  return [
    ...(code === own
      ? []
      : [
          `not restored: the code of version ${version} was build ${code}, this is ${own} (\`predictlab deploy rollback\` goes back to a build)`,
        ]),
    ...changedPaths(plugins, hashes).map(({ path, before, after }) => {
      const how = before === null ? 'was not there' : after === null ? 'is not in PREDICTLAB_PLUGINS here' : 'has other code now';
      return `not restored: plugin ${path} ${how}`;
    }),
  ];
}
