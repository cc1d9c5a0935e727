import { RunEnded } from '../../src/client.ts';
import { PredictLabError } from '../../src/contracts/errors.ts';
import type { PipelineInput } from '../../src/contracts/run/pipeline-input.ts';
import type { PipelineResult } from '../../src/contracts/run/pipeline-status.ts';
import type { FiringPlan } from './plan.ts';
import type { YearStack } from './stack.ts';

/** Days that a run looks back: a machine's sleep of three days and the day before it. */
export const DAYS_BACK = 4;

/** Maximum milliseconds of a run in which parts are killed and restarted; a longer one counts as hanging. */
const RUN_MS = 240_000;

const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export interface Firing {
  /** The instant of the firing; UTC epoch milliseconds. */
  readonly clock: number;
  readonly untilStage: PipelineInput['untilStage'];
  readonly refetch: boolean;
}

/** Runs one firing with its planned faults. @returns the results of its runs; undefined for a run that ended without one */
export async function fire(
  stack: YearStack,
  plan: FiringPlan | null,
  { clock, untilStage, refetch }: Firing,
): Promise<readonly (PipelineResult | undefined)[]> {
  const { lab, waits, venue } = stack;
  const asOf = new Date(clock).toISOString();
  const cut = plan?.cut ?? null;
  const input: PipelineInput = {
    asOf,
    daysBack: DAYS_BACK,
    untilStage,
    refetch,
    // the retries last longer than the cut
    retry: cut === null ? { maxRetries: 2, retryDelay: '100ms', backoff: 1 } : { maxRetries: 12, retryDelay: '250ms', backoff: 1 },
  };
  const start = async (runId: string): Promise<string> =>
    // the server may be down, and may have received the start nevertheless
    await waits.until(`the start of ${runId}`, RUN_MS, async () => {
      try {
        return (await lab.start(input, { runId })).runId;
      } catch (error) {
        if (error instanceof PredictLabError && error.type === 'BadInput' && /already open/.test(error.message)) return runId;
        throw error;
      }
    });
  const names = [`year-${asOf}`, ...(plan?.overlaps === true ? [`year-${asOf}-again`] : [])];
  const runs = await Promise.all(names.map(start));
  const ends = Promise.all(runs.map((runId) => ended(stack, runId)));
  ends.catch(() => undefined);
  const faults: Promise<unknown>[] = [];
  if (cut !== null)
    faults.push(
      (async () => {
        await pass(cut.afterMs);
        const before = venue.faults();
        venue.setFaults({ cutBefore: 1 });
        await pass(cut.forMs);
        venue.setFaults(before);
      })(),
    );
  const { cancelAfterMs = null, kill = null } = plan ?? {};
  if (cancelAfterMs !== null) {
    await pass(cancelAfterMs);
    await waits.for('a cancel', RUN_MS, lab.cancel(runs[0])).catch(() => undefined);
  }
  if (kill !== null) {
    await pass(kill.afterMs);
    await waits.for(`${kill.part}, killed, to come back`, RUN_MS, stack.kill(kill.part));
  }
  await Promise.all(faults);
  return await ends;
}

async function ended({ lab, waits }: YearStack, runId: string): Promise<PipelineResult | undefined> {
  return await waits.until(`the end of ${runId}`, RUN_MS, async () => {
    try {
      return await lab.result(runId);
    } catch (error) {
      if (error instanceof RunEnded) return error.partial;
      throw error;
    }
  });
}
