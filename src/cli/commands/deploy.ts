import type { Command } from 'commander';
import { buildId } from '../../worker/build-id.ts';
import { type BrokenHistory, replayAll } from '../../worker/replay-histories.ts';
import { numberOption } from '../options/number-option.ts';
import { note, printJson, printLine } from '../terminal/print.ts';
import { withPredictLab } from '../terminal/session.ts';
import { registerDeployAdopt } from './deploy-adopt.ts';
import { registerDeployRoutes } from './deploy-routes.ts';
import { registerDeployShadow } from './deploy-shadow.ts';
import { registerDeployStatus } from './deploy-status.ts';

/** Adds `predictlab deploy`. */
export function registerDeploy(program: Command): void {
  const deploy = program
    .command('deploy')
    .description(
      'Runs several builds side by side: workers started with PREDICTLAB_DEPLOYMENT report their build, and each run stays with the build it started with. ' +
        'The candidate is the build whose command you run. In order: check, shadow, canary, promote; rollback undoes the last step.',
    );
  registerDeployCheck(deploy);
  registerDeployShadow(deploy);
  registerDeployRoutes(deploy);
  registerDeployAdopt(deploy);
  registerDeployStatus(deploy);
}

/** Open runs are few; this many closed ones cover every kind of run of the last days. */
const DEFAULT_LAST = 20;

/** Adds `deploy check`. */
export function registerDeployCheck(deploy: Command): void {
  deploy
    .command('check')
    .summary('replay recent histories against this build')
    .description(
      'Replays the newest open and closed histories of every workflow type against the workflows of this build: a history that does not replay would stop an open run that moves to this build. Changes nothing. Exit code 1 when one does not replay.',
    )
    .option('--last <n>', 'number of open and of closed histories of each type', String(DEFAULT_LAST))
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
  if (histories === 0) return note('there is no history to replay yet, so this build is untested');
  for (const { type, workflowId, reason } of broken) printLine(`broken  ${type} ${workflowId}: ${reason}`);
  printLine(
    broken.length === 0
      ? `${histories} histories replay on build ${buildId()}`
      : `${broken.length} of ${histories} histories do not replay on build ${buildId()}: let open runs end on their own build, or guard the change with patched()`,
  );
}
