import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SandboxVenue, startSandboxVenue } from '../../sandbox/venue.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { importSandboxSymbols, SANDBOX_NOW, storedData, tradesAlone, undisturbedData } from '../support/sandbox-run.ts';
import { until } from '../support/until.ts';
import { kill, spawnWorker } from '../support/worker-process.ts';

const SYMBOLS = ['BTC_PRICE', 'ETH_PRICE', 'SOL_PRICE', 'RATE_CUT'];
/** Both at once, over the same markets: what one stores the other meets. */
const INPUTS = [SYMBOLS, ['BTC_PRICE', 'RATE_CUT']].map((symbols) => ({
  symbols,
  daysBack: 2,
  asOf: new Date(SANDBOX_NOW).toISOString(),
  untilStage: 'backtest' as const,
  maxConcurrent: 3,
}));

describe('several worker processes on one queue', () => {
  let venue: SandboxVenue;
  let wanted: Awaited<ReturnType<typeof storedData>>;
  beforeAll(async () => {
    venue = await startSandboxVenue({ now: SANDBOX_NOW, faults: { slow: 0.5, slowMs: 80 } });
    wanted = await undisturbedData(tradesAlone(venue), (database) => importSandboxSymbols(database, SYMBOLS), INPUTS);
  });
  afterAll(() => venue.close());

  it.each([2, 4])(
    'lose nothing and do nothing twice with %i of them, one killed with -9 under load and one stopped',
    async (count) => {
      const rig: Rig = await createRig({ env: tradesAlone(venue), worker: false });
      await importSandboxSymbols(rig.database, SYMBOLS);
      const workers = await Promise.all(Array.from({ length: count }, () => spawnWorker(rig.env)));
      const runs = await Promise.all(INPUTS.map((input, n) => rig.lab.start(input, { runId: `of-${count}-workers-${n}` })));
      const ended = async (): Promise<number> =>
        (await rig.database.query('select 1 from ledger where finished_at is not null')).rowCount ?? 0;
      await until(async () => (await ended()) >= 3, { everyMs: 10 });
      await kill(workers[0]);
      // with two workers, a new one replaces the killed one before the second is killed
      if (count === 2) workers.push(await spawnWorker(rig.env));
      workers[1].process.kill('SIGTERM');
      expect(await workers[1].ended).toBe(0);

      const results = await Promise.all(runs.map(({ runId }) => rig.lab.result(runId)));
      const tasks = INPUTS.map(({ symbols }) => symbols.length * 5);
      expect(results.map(({ result, statusBreakdown }) => ({ result, success: statusBreakdown.success }))).toEqual(
        tasks.map((success) => ({ result: 'success', success })),
      );
      expect(await storedData(rig.database)).toEqual(wanted);
      const { rows } = await rig.database.query(
        'select execution_id, count(*)::int as effects, count(finished_at)::int as done from ledger group by 1',
      );
      expect(rows.map(({ effects, done }) => `${effects} ${done}`).sort()).toEqual(tasks.map((n) => `${n} ${n}`).sort());
      for (const worker of workers) if (worker.process.exitCode === null && worker.process.signalCode === null) await kill(worker);
      await rig.close();
    },
    120_000,
  );
});
