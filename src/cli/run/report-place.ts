import { access } from 'node:fs/promises';
import type { PredictLab, RunName } from '../../client.ts';
import { runReportPath } from '../../report/elements/report-path.ts';

/** Where the page of a run lies that has ended: in a folder of its own where its id had been used before. Asks no database. */
export async function reportPlace(home: string, lab: PredictLab, run: RunName): Promise<string> {
  const known = await lab.describe(run);
  const runId = known?.runId ?? (typeof run === 'string' ? run : run.runId);
  if (known === undefined) return runReportPath(home, runId);
  const ofItsOwn = runReportPath(home, { ...known, idUsedBefore: true });
  return await access(ofItsOwn).then(
    () => ofItsOwn,
    () => runReportPath(home, runId),
  );
}
