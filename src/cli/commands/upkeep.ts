import { statSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import ms from 'ms';
import { homeFolder } from '../../processes/home-folder.ts';
import { doneByOne, lastUpkeep } from '../../watch/checks/upkeep.ts';
import { AGED, setUpkeep, type UpkeepSettings, upkeepSettings } from '../../watch/upkeep/settings.ts';
import { doUpkeep, type JobEnd } from '../../watch/upkeep/upkeep.ts';
import { ageOption } from '../options/values/age-option.ts';
import { numberOption } from '../options/values/number-option.ts';
import { ExitError, usageError } from '../terminal/exit.ts';
import { printJson, printLine, printTable } from '../terminal/print.ts';
import { lookIntoDatabase, useDatabase, useStoredData } from '../terminal/session.ts';

type SetOptions = { readonly [what in (typeof AGED)[number]]?: string } & {
  readonly keep: string;
  readonly backup?: string;
  readonly rotate: string;
};

/** Adds `predictlab upkeep`. */
export function registerUpkeep(program: Command): void {
  const upkeep = program
    .command('upkeep')
    .description('What the workers do once a day by themselves: prune, back up, try a restore, check data.');
  upkeep
    .command('show', { isDefault: true })
    .summary('what is set, and how it last went')
    .option('--json', 'print { settings, last }')
    .action(async ({ json }: { json?: boolean }) => {
      const [settings, last] = await lookIntoDatabase(async (database) =>
        database === undefined ? [] : [await upkeepSettings(database), await lastUpkeep(database)],
      );
      if (json) return printJson({ settings: settings ?? null, last: last ?? null });
      if (settings === undefined) return printLine('nothing is done by itself; `predictlab upkeep set --reports 90d --logs 30d` begins it');
      describe(settings);
      if (last !== undefined) {
        printLine(`last   ${new Date(last.at).toISOString()}`);
        printEnds(last.ends);
      }
    });
  const set = upkeep
    .command('set')
    .summary('say what is done each day; what is not named is not done')
    .option('--keep <n>', 'with --reports: so many of the last runs of each symbol keep their pages', '1')
    .option(
      '--backup <folder>',
      'write a backup there each day, on the machine of the worker that does it; once a week it is restored into a database of its own',
    )
    .option('--rotate <n>', 'so many backups are kept', '7');
  for (const what of AGED) set.option(`--${what} <age>`, `prune ${what} older than this`);
  set.action(async (options: SetOptions) => {
    const settings = settingsFrom(options);
    await useDatabase((database) => setUpkeep(database, settings));
    describe(settings);
  });
  upkeep
    .command('off')
    .summary('do nothing by itself any more')
    .action(async () => {
      await useDatabase((database) => setUpkeep(database, null));
      printLine('nothing is done by itself any more');
    });
  upkeep
    .command('run')
    .summary('do all of it now, here')
    .option('--json', 'print [{ job, ok, said }]')
    .action(async ({ json }: { json?: boolean }) => {
      const ends = await useStoredData(async (database) => {
        const settings = await upkeepSettings(database);
        if (settings === undefined) throw usageError('nothing is set; `predictlab upkeep set --reports 90d --logs 30d` does');
        return await doneByOne(database, () =>
          doUpkeep({ database, home: homeFolder(process.env), settings, now: Date.now(), tryRestore: true }),
        );
      });
      if (ends === undefined)
        throw usageError('somebody is at it: a worker, or another `upkeep run`; `predictlab upkeep` shows how it ended, try again then');
      if (json) printJson(ends);
      else printEnds(ends);
      if (ends.some(({ ok }) => !ok)) throw new ExitError(1, 'not all of it could be done');
    });
}

function settingsFrom(options: SetOptions): UpkeepSettings {
  const ages = Object.fromEntries(AGED.flatMap((what) => (options[what] === undefined ? [] : [[what, ageOption(what, options[what])]])));
  const keep = numberOption('--keep', options.keep, { least: 0, most: 100_000, integer: true }) ?? 1;
  const rotate = numberOption('--rotate', options.rotate, { least: 1, most: 10_000, integer: true }) ?? 7;
  if (Object.keys(ages).length === 0 && options.backup === undefined)
    throw usageError(`say what to do: --backup <folder>, or what to prune and how old: ${AGED.map((what) => `--${what} 90d`).join(', ')}`);
  if (options.backup?.trim() === '') throw usageError('--backup: the name of the folder is empty; name one');
  if (options.backup !== undefined && statSync(options.backup, { throwIfNoEntry: false })?.isDirectory() === false)
    throw usageError(`--backup ${options.backup}: it is no folder; name one`);
  return { ages, keep, ...(options.backup === undefined ? {} : { backup: { folder: path.resolve(options.backup), rotate } }) };
}

function describe({ ages, keep, backup }: UpkeepSettings): void {
  for (const [what, age] of Object.entries(ages)) {
    printLine(
      `prune  ${what} older than ${ms(age, { long: true })}${what === 'reports' ? `, but for the last ${keep} of each symbol` : ''}`,
    );
  }
  if (backup !== undefined) printLine(`backup each day into ${backup.folder}, ${backup.rotate} are kept; restored elsewhere once a week`);
  printLine('data   20 series of candles are built again and compared each day');
}

function printEnds(ends: readonly JobEnd[]): void {
  printTable([['job', 'ended', 'said'], ...ends.map(({ job, ok, said }) => [job, ok ? 'well' : 'failed', said])]);
}
