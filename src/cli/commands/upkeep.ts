import { statSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import ms from 'ms';
import { homeFolder } from '../../processes/home-folder.ts';
import { lastUpkeep, runExclusively } from '../../watch/checks/upkeep.ts';
import { PRUNABLE_KINDS, setUpkeep, type UpkeepSettings, upkeepSettings } from '../../watch/upkeep/settings.ts';
import { type JobEnd, runUpkeep } from '../../watch/upkeep/upkeep.ts';
import { takesAge, takesCount, takesKeep } from '../options/parsers.ts';
import { ExitError, printJson, printLine, printTable, usageError } from '../terminal/print.ts';
import { queryIfStored, useDatabase, useStoredData } from '../terminal/session.ts';

type SetOptions = { readonly [what in (typeof PRUNABLE_KINDS)[number]]?: number } & {
  readonly keep: number;
  readonly backup?: string;
  readonly rotate: number;
};

const NOT_SET = 'no daily upkeep is set; `predictlab upkeep set --reports 90d --logs 30d` sets one';

/** Registers `predictlab upkeep`. */
export default function register(upkeep: Command): void {
  upkeep.description('Sets what the workers do once a day: prune, back up, try a restore, check data.');
  upkeep
    .command('show', { isDefault: true })
    .summary('show the settings and the last results')
    .option('--json', 'print { settings, last }')
    .action(async ({ json }: { json?: boolean }) => {
      const [settings, last] =
        (await queryIfStored(async (database) => [await upkeepSettings(database), await lastUpkeep(database)] as const)) ?? [];
      if (json) return printJson({ settings: settings ?? null, last: last ?? null });
      if (settings === undefined) return printLine(NOT_SET);
      describe(settings);
      if (last !== undefined) {
        printLine(`last   ${new Date(last.at).toISOString()}`);
        printEnds(last.ends);
      }
    });
  const set = upkeep
    .command('set')
    .summary('set the daily upkeep; kinds that are not named are not pruned')
    .addOption(takesKeep())
    .option(
      '--backup <folder>',
      'write a backup into this folder each day, on the machine of the worker that does it; once a week it is restored into a separate database',
    )
    .addOption(takesCount('--rotate <n>', 'number of backups to keep').default(7));
  for (const what of PRUNABLE_KINDS) set.addOption(takesAge(`--${what} <age>`, `prune ${what} older than this`));
  set.action(async (options: SetOptions) => {
    const settings = settingsFrom(options);
    await useDatabase((database) => setUpkeep(database, settings));
    describe(settings);
  });
  upkeep
    .command('off')
    .summary('end the daily upkeep')
    .action(async () => {
      await useDatabase((database) => setUpkeep(database, null));
      printLine('the daily upkeep is off');
    });
  upkeep
    .command('run')
    .summary('do the whole upkeep now, on this machine')
    .option('--json', 'print [{ job, ok, said }]')
    .action(async ({ json }: { json?: boolean }) => {
      const ends = await useStoredData(async (database) => {
        const settings = await upkeepSettings(database);
        if (settings === undefined) throw usageError(NOT_SET);
        return await runExclusively(database, () =>
          runUpkeep({ database, home: homeFolder(process.env), settings, now: Date.now(), tryRestore: true }),
        );
      });
      if (ends === undefined)
        throw usageError(
          'a worker or another `upkeep run` is doing the upkeep now; `predictlab upkeep` shows when it has ended, then try again',
        );
      if (json) printJson(ends);
      else printEnds(ends);
      if (ends.some(({ ok }) => !ok)) throw new ExitError(1, 'one or more jobs failed');
    });
}

function settingsFrom(options: SetOptions): UpkeepSettings {
  const { keep, rotate } = options;
  const ages = Object.fromEntries(PRUNABLE_KINDS.flatMap((what) => (options[what] === undefined ? [] : [[what, options[what]]])));
  if (Object.keys(ages).length === 0 && options.backup === undefined)
    throw usageError(
      `name what to do: --backup <folder>, or what to prune and its age: ${PRUNABLE_KINDS.map((what) => `--${what} 90d`).join(', ')}`,
    );
  if (options.backup?.trim() === '') throw usageError('--backup: the name of the folder is empty; name one');
  if (options.backup !== undefined && statSync(options.backup, { throwIfNoEntry: false })?.isDirectory() === false)
    throw usageError(`--backup ${options.backup}: it is not a folder; name one`);
  return { ages, keep, ...(options.backup === undefined ? {} : { backup: { folder: path.resolve(options.backup), rotate } }) };
}

function describe({ ages, keep, backup }: UpkeepSettings): void {
  for (const [what, age] of Object.entries(ages)) {
    const kept = what === 'reports' ? `, except the last ${keep} of each symbol` : '';
    printLine(`prune  ${what} older than ${ms(age, { long: true })}${kept}`);
  }
  if (backup !== undefined)
    printLine(`backup each day into ${backup.folder}, keeping ${backup.rotate}; restored into a separate database once a week`);
  printLine('data   20 series of candles are rebuilt and compared each day');
}

function printEnds(ends: readonly JobEnd[]): void {
  printTable([['job', 'ended', 'said'], ...ends.map(({ job, ok, said }) => [job, ok ? 'well' : 'failed', said])]);
}
