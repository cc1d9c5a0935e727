import type { Command } from 'commander';
import type { PredictLab } from '../../client.ts';
import { numberOption } from '../options/parsers.ts';
import { printAnswer } from '../terminal/print.ts';
import { withPredictLab } from '../terminal/session.ts';

/** The request that each command sends, and the text printed afterwards. */
const REQUESTS: Readonly<Record<string, readonly [request: (lab: PredictLab, run: string) => Promise<void>, said: string]>> = {
  cancel: [(lab, run) => lab.cancel(run), 'is being cancelled; it closes as Canceled'],
  pause: [(lab, run) => lab.pause(run), 'is paused'],
  resume: [(lab, run) => lab.resume(run), 'continues'],
};

/** Registers `cancel`, `pause`, `resume` and `slots`, which each send one request to an open run. */
export default function register(command: Command): void {
  if (command.name() === 'slots') return registerSlots(command);
  const [request, said] = REQUESTS[command.name()];
  command.option('--json', 'print { runId } as JSON').action(async (run: string, { json }: { json?: boolean }) => {
    await withPredictLab((lab) => request(lab, run));
    printAnswer(json, { runId: run }, `${run} ${said}`);
  });
}

function registerSlots(command: Command): void {
  command
    .option('--json', 'print { runId, maxConcurrent } as JSON')
    .action(async (run: string, count: string, { json }: { json?: boolean }) => {
      const maxConcurrent = numberOption('slots', count, { least: 1, most: 10_000, integer: true });
      await withPredictLab((lab) => lab.setMaxConcurrent(run, maxConcurrent));
      printAnswer(json, { runId: run, maxConcurrent }, `${run} now has ${maxConcurrent} slots`);
    });
}
