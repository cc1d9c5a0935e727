import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Random } from '../../sandbox/random.ts';
import type { PipelineResult, TaskResult } from '../../src/contracts/run/pipeline-status.ts';
import type { RunConfig } from '../../src/contracts/run/run-config.ts';
import { type RunResult, STAGES, type Stage } from '../../src/contracts/words.ts';
import type { Message, Sink } from '../../src/incidents/alerts/alert.ts';
import { deliverDue, recordSinks, takeDelivery } from '../../src/incidents/alerts/dispatcher.ts';
import { listIncidents, pendingAlerts } from '../../src/incidents/rows/incidents.ts';
import { closeIncident, observe } from '../../src/incidents/rows/observe.ts';
import { observeRun } from '../../src/incidents/rows/observe-run.ts';
import { type EndedRun, observationOf } from '../../src/incidents/rule/end-of-run.ts';
import { endRun, recordRunStart } from '../../src/storage/runs/runs.ts';
import { empty, type TestDatabase, testDatabase } from '../support/postgres.ts';
import { silent } from '../support/silent.ts';

/** Something that goes wrong in some runs, with some symbols, in words that differ each time. */
interface Injected {
  readonly stage: Stage;
  readonly symbols: ReadonlySet<string>;
  readonly from: number;
  readonly to: number;
  readonly how: 'fails' | 'degrades';
  say(symbol: string, random: Random): { type: string; message: string };
}

const SYMBOLS = ['AAA', 'BBB', 'CCC', 'DDD', 'EEE'];
const RUNS = 24;
const SEEDS = 12;

let storage: TestDatabase;
beforeAll(async () => {
  storage = await testDatabase();
});
afterAll(async () => storage.close());

/** Creates injected faults, each with its own root cause. */
function causesOf(random: Random): readonly Injected[] {
  const some = () => new Set(SYMBOLS.filter(() => random.next() < 0.5));
  const period = () => {
    const from = Math.floor(random.next() * (RUNS - 4));
    return { from, to: Math.min(RUNS - 2, from + Math.floor(random.next() * 8)) };
  };
  const id = () => `0x${Math.floor(random.next() * 1e9).toString(16)}`;
  return [
    {
      ...period(),
      stage: 'collect',
      symbols: some(),
      how: 'fails',
      say: () => ({
        type: 'SourceUnavailable',
        message: `polymarket answered ${random.next() < 0.5 ? 502 : 'nothing'} on /trades?market=${id()}`,
      }),
    },
    {
      ...period(),
      stage: 'clean',
      symbols: some(),
      how: 'degrades',
      say: () => ({
        type: '',
        message: `${Math.ceil(9 * random.next())} of 90 rows (${random.next()} %) were quarantined: malformed ${random.next()}`,
      }),
    },
    {
      ...period(),
      stage: 'backtest',
      symbols: some(),
      how: 'fails',
      say: (symbol) => ({ type: 'BadInput', message: `${symbol}/backtest: "${id()}" has ${Math.floor(100 * random.next())} bars` }),
    },
    {
      ...period(),
      stage: 'store',
      symbols: some(),
      how: 'degrades',
      say: () => ({ type: '', message: `gaps in coverage: polymarket:${id()} lacks ${random.next()} % of its trade ticks’ time` }),
    },
  ];
}

/** A run of some symbols, in a world where these causes act. */
function runOf(
  at: number,
  symbols: readonly string[],
  causes: readonly Injected[],
  random: Random,
): { run: EndedRun; met: Map<number, Set<string>>; well: Map<number, Set<string>> } {
  const taskResults: Record<string, TaskResult> = {};
  const tasks: EndedRun['tasks'][number][] = [];
  const met = new Map<number, Set<string>>();
  const well = new Map<number, Set<string>>();
  const note = (map: Map<number, Set<string>>, cause: number, symbol: string) => map.set(cause, (map.get(cause) ?? new Set()).add(symbol));
  for (const symbol of symbols) {
    let failed: string | undefined;
    for (const [index, stage] of STAGES.entries()) {
      const taskId = `${symbol}/${stage}`;
      if (failed !== undefined) {
        taskResults[taskId] = { status: 'skipped', skippedBecause: failed };
        continue;
      }
      const startedAt = at + index;
      const acting = causes.flatMap((cause, which) => (cause.stage === stage ? [{ ...cause, which }] : []));
      const troubled = acting.filter((cause) => cause.symbols.has(symbol) && cause.from <= at / 1000 && at / 1000 <= cause.to);
      for (const { which } of troubled) note(met, which, symbol);
      const failing = troubled.find(({ how }) => how === 'fails');
      if (failing !== undefined) {
        failed = taskId;
        taskResults[taskId] = {
          status: 'failed',
          startedAt: new Date(startedAt).toISOString(),
          durationSeconds: 0,
          error: failing.say(symbol, random),
        };
        continue;
      }
      for (const { which } of acting) if (!troubled.some((cause) => cause.which === which)) note(well, which, symbol);
      const degraded = troubled.map((cause) => cause.say(symbol, random).message);
      taskResults[taskId] = { status: 'success' };
      tasks.push({ taskId, symbol, stage, startedAt, finishedAt: startedAt, degraded: degraded.length > 0 ? degraded : null });
    }
  }
  const isPlain = met.size === 0;
  const run: EndedRun = {
    runId: `run-${at}`,
    executionId: randomUUID(),
    asOf: at,
    line: symbols.join(),
    past: false,
    sourceTypes: ['polymarket'],
    symbols,
    hadDeadline: false,
    result: { result: isPlain ? 'success' : 'degraded', reasons: [], taskResults },
    tasks,
    endedAt: at + 500,
  };
  return { run, met, well };
}

/** A sink that accepts some alerts and refuses others. It dies now and then: before it accepts an alert, or before it can confirm it. */
function weakSink(name: string, random: Random): Sink & { readonly taken: Message[]; strong: boolean } {
  const taken: Message[] = [];
  return {
    name,
    taken,
    strong: false,
    async send(message) {
      const luck = this.strong ? 1 : random.next();
      if (luck < 0.3) throw new Error('it answered 503');
      taken.push(message);
      if (luck < 0.5) throw new Error('the connection broke after it had taken it');
    },
  };
}

it.each(Array.from({ length: SEEDS }, (_, seed) => seed + 1))(
  'the incidents are exactly the injected causes, each reported once (seed %i)',
  async (seed) => {
    const { database } = storage;
    await empty(database, ['incidents', 'alert_sinks']);
    const random = new Random(seed);
    const causes = causesOf(random);
    const sinks = [weakSink('one', random), weakSink('two', random)];
    await recordSinks(database, ['one', 'two']);
    const due = () => database.query('update alert_deliveries set next_at = now() where told_at is null');
    const open = new Map<number, { subjects: Set<string>; runs: number }>();
    const expected: number[] = [];

    for (let step = 0; step < RUNS; step++) {
      const all = step === RUNS - 1;
      const symbols = SYMBOLS.filter(() => all || random.next() < 0.7);
      const { run, met, well } = runOf(step * 1000, symbols, causes, random);
      await observe(database, observationOf(run));
      for (const [cause, hit] of met) {
        if (!open.has(cause)) expected.push(cause);
        const known = open.get(cause) ?? { subjects: new Set<string>(), runs: 0 };
        open.set(cause, { subjects: new Set([...known.subjects, ...hit]), runs: known.runs + 1 });
      }
      for (const [cause, fine] of well) {
        const known = open.get(cause);
        for (const symbol of fine) known?.subjects.delete(symbol);
        if (known?.subjects.size === 0) open.delete(cause);
      }
      const stored = await listIncidents(database, { open: true, limit: 100 });
      expect(stored, `after run ${step}`).toHaveLength(open.size);
      // one dispatcher dies with a delivery that it has taken, another one survives
      if (random.next() < 0.3) await takeDelivery(database, 'one');
      if (random.next() < 0.5) await due();
      for (const sink of sinks) await deliverDue({ database, sink, mark: 'm', log: silent });
    }

    for (const sink of sinks) sink.strong = true;
    await due();
    for (const sink of sinks) while ((await deliverDue({ database, sink, mark: 'm', log: silent })) > 0) await due();
    const incidents = await listIncidents(database, { open: false, limit: 1000 });
    expect(incidents).toHaveLength(expected.length);
    expect(incidents.filter(({ closedAt }) => closedAt === null)).toEqual([]);
    expect(await pendingAlerts(database)).toEqual(new Map());
    for (const { taken } of sinks) {
      const first = [...new Map(taken.map((message) => [message.key, message] as const)).values()];
      const sent = (event: string) => first.filter(({ alert }) => alert.event === event).map(({ alert }) => alert.incident.id);
      const ids = incidents.map(({ id }) => id).sort();
      expect(sent('opened').sort()).toEqual(ids);
      expect(sent('closed').sort()).toEqual(ids);
      for (const id of ids) {
        const events = first.filter(({ alert }) => alert.incident.id === id).map(({ alert }) => alert.event);
        expect([events[0], events.at(-1)]).toEqual(['opened', 'closed']);
      }
      // the same key is the same alert, to the letter
      for (const { key, alert } of taken) expect(alert).toEqual(first.find((one) => one.key === key)?.alert);
    }
  },
);

it('a sink gets no alert of an incident that opened before the sink was configured, not even when the incident ends', async () => {
  const { database } = storage;
  await empty(database, ['incidents', 'alert_sinks']);
  const subject = { what: 'collect', subject: 'AAA', isSymbol: true, at: 1 };
  const trouble = { fingerprint: 'f', cause: 'c', venue: null, subjects: [subject] };
  expect(await observe(database, { at: 1, troubles: [trouble], looked: [] })).toBe(true);
  await recordSinks(database, ['late']);
  await observe(database, { at: 2, troubles: [], looked: [{ ...subject, at: 2 }] });
  const sink = weakSink('late', new Random(1));
  await deliverDue({ database, sink, mark: 'm', log: silent });
  expect(sink.taken).toEqual([]);
  expect(await listIncidents(database, { open: true, limit: 9 })).toEqual([]);
});

it('an incident that a user closes is closed once, and the reason is kept', async () => {
  const { database } = storage;
  await empty(database, ['incidents', 'alert_sinks']);
  const trouble = { fingerprint: 'f', cause: 'c', venue: null, subjects: [{ what: 'collect', subject: 'AAA', isSymbol: true, at: 1 }] };
  await observe(database, { at: 1, troubles: [trouble], looked: [] });
  const [{ id }] = await listIncidents(database, { open: true, limit: 9 });
  expect(await closeIncident(database, id, 'the venue confirmed it')).toBe(true);
  expect(await listIncidents(database, { open: true, limit: 9 })).toEqual([]);
  expect(await closeIncident(database, id, 'again')).toBe(false);
  expect(await closeIncident(database, 'none', 'no such incident')).toBe(false);
});

it('a refused alert is due again after one second, and then after two', async () => {
  const { database } = storage;
  await empty(database, ['incidents', 'alert_sinks']);
  await recordSinks(database, ['away']);
  const trouble = { fingerprint: 'f', cause: 'c', venue: null, subjects: [{ what: 'collect', subject: 'AAA', isSymbol: true, at: 1 }] };
  await observe(database, { at: 1, troubles: [trouble], looked: [] });
  const sink = { name: 'away', send: () => Promise.reject(new Error('it answered 503')) };
  for (const seconds of [1, 2, 4]) {
    await database.query('update alert_deliveries set next_at = now()');
    const before = (await database.query<{ now: Date }>('select clock_timestamp() as now')).rows[0].now.getTime();
    await deliverDue({ database, sink, mark: 'm', log: silent });
    const { rows } = await database.query<{ error: string; next: Date; now: Date }>(
      'select error, next_at as next, clock_timestamp() as now from alert_deliveries',
    );
    expect(rows).toMatchObject([{ error: expect.stringContaining('it answered 503') }]);
    const [{ next, now }] = rows;
    expect(next.getTime()).toBeGreaterThanOrEqual(before + 1_000 * seconds);
    expect(next.getTime()).toBeLessThanOrEqual(now.getTime() + 1_000 * seconds);
  }
});

it('the incident of a missed deadline closes when a run of the same input meets it', async () => {
  const { database } = storage;
  await empty(database, ['incidents', 'runs']);
  const end = async (runId: string, given: { at: number; deadline?: string; result: RunResult; reasons: string[] }) => {
    const { at, deadline, result, reasons } = given;
    const config = { sourceTypes: ['file'], symbols: [{ symbol: 'AAA', priority: 3 }], deadline } as unknown as RunConfig;
    await recordRunStart(database, { runId, executionId: runId, input: {}, config, startedAt: at });
    const status = {
      runId,
      result,
      reasons,
      startedAt: new Date(at).toISOString(),
      finishedAt: new Date(at + 1_000).toISOString(),
      taskResults: {},
    };
    await database.transaction(async (transaction) => {
      await endRun(transaction, { executionId: runId, result: status as unknown as PipelineResult });
      await observeRun(transaction, { executionId: runId, result: status as unknown as PipelineResult });
    });
    return (await listIncidents(database, { open: true, limit: 9 })).map(({ cause }) => cause);
  };
  const reason = 'the deadline 12:15:00Z was missed by 3 min: the run ended at 12:18:00Z';
  const deadline = '12:15';
  expect(await end('late', { at: 1_000, deadline, result: 'degraded', reasons: [reason] })).toEqual([`deadline: ${reason}`]);
  expect(await end('without', { at: 5_000, result: 'success', reasons: [] })).toHaveLength(1);
  expect(await end('in-time', { at: 9_000, deadline, result: 'success', reasons: [] })).toEqual([]);
});

it('the incident of a terminated run closes when a retry of that run succeeds', async () => {
  const { database } = storage;
  await empty(database, ['incidents', 'runs']);
  const config = { sourceTypes: ['file'], symbols: [{ symbol: 'AAA', priority: 3 }] } as unknown as RunConfig;
  const end = async (runId: string, given: { input: object; at: number; retryOf?: string; result: RunResult; reasons: string[] }) => {
    const { input, at, retryOf, result, reasons } = given;
    await recordRunStart(database, { runId, executionId: runId, input, config, startedAt: at, ...(retryOf && { retryOf }) });
    const finishedAt = new Date(at + 1_000).toISOString();
    const status = { runId, result, reasons, startedAt: finishedAt, finishedAt, taskResults: {} } as unknown as PipelineResult;
    await database.transaction(async (transaction) => {
      await endRun(transaction, { executionId: runId, result: status });
      await observeRun(transaction, { executionId: runId, result: status });
    });
    return (await listIncidents(database, { open: true, limit: 9 })).map(({ cause }) => cause);
  };
  const reasons = ['run daily was ended from outside (terminated)'];
  expect(await end('daily', { input: {}, at: 1_000, result: 'failed', reasons })).toEqual([`run: ${reasons[0]}`]);
  // a retry names the symbols and the instant of the run that it retries
  const input = { symbols: ['AAA'], asOf: '2026-01-01T00:00:00.000Z' };
  expect(await end('other', { input, at: 5_000, result: 'success', reasons: [] })).toHaveLength(1);
  expect(await end('again', { input, at: 9_000, retryOf: 'daily', result: 'success', reasons: [] })).toEqual([]);
});

it('an incident of low severity is listed without any alert', async () => {
  const { database } = storage;
  await empty(database, ['incidents', 'alert_sinks']);
  await recordSinks(database, ['webhook']);
  const subject = { what: 'venue change', subject: 'polymarket', isSymbol: false, at: 1_000 };
  const trouble = {
    fingerprint: 'f',
    cause: 'venue change: /markets ends',
    severity: 'low',
    venue: 'polymarket',
    subjects: [subject],
  } as const;
  expect(await observe(database, { at: 1_000, troubles: [trouble], looked: [] })).toBe(false);
  expect(await observe(database, { at: 2_000, troubles: [], looked: [{ ...subject, at: 2_000 }] })).toBe(true);
  expect(await listIncidents(database, { open: false, limit: 10 })).toMatchObject([{ severity: 'low', closedAt: expect.any(String) }]);
  expect(await takeDelivery(database, 'webhook')).toBeUndefined();
});
