import type { Command } from 'commander';
import { buildId } from '../../worker/build-id.ts';
import { type BrokenHistory, replayAll } from '../../worker/replay-histories.ts';
import { numberOption } from '../options/values/number-option.ts';
import { note, printJson, printLine } from '../terminal/print.ts';
import { withPredictLab } from '../terminal/session.ts';

/** Open ones are few; of the closed ones these cover every kind of run of the last days. */
const DEFAULT_LAST = 20;

/** Adds `deploy check`. */
export function registerDeployCheck(deploy: Command): void {
  deploy
    .command('check')
    .summary('replay recent histories against this build')
    .description(
      'Replays the newest open and closed histories of every workflow type against the workflows of this build: what does not replay would stop an open run that this build takes over. Changes nothing. Exit code 1 when one is broken.',
    )
    .option('--last <n>', 'so many open and so many closed ones of each type', String(DEFAULT_LAST))
    .option('--json', 'print { histories, broken: [{ type, workflowId, reason }] }')
    .action(async ({ last: text, json }: { last: string; json?: boolean }) => {
      const last = numberOption('--last', text, { least: 1, most: 10_000, integer: true }) as number;
      const { histories, broken } = await withPredictLab((lab) => replayAll(lab.histories(last)));
      if (json) printJson({ histories, broken });
      else printVerdict(histories, broken);
      if (broken.length > 0) process.exitCode = 1;
    });
}

function printVerdict(histories: number, broken: readonly BrokenHistory[]): void {
  if (histories === 0) return note('there is no history to replay yet: nothing is known of this build');
  for (const { type, workflowId, reason } of broken) printLine(`broken  ${type} ${workflowId}: ${reason}`);
  printLine(
    broken.length === 0
      ? `${histories} histories replay on build ${buildId()}`
      : `${broken.length} of ${histories} histories do not replay on build ${buildId()}: let the runs that are open end on their own build, or guard the change with patched()`,
  );
}
