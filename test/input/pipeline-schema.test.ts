import { describe, expect, it } from 'vitest';
import type { RunConfig } from '../../src/contracts/run/run-config.ts';
import { type KnownNames, parsePipelineInput } from '../../src/input/pipeline-schema.ts';

const known: KnownNames = {
  sources: { names: ['polymarket', 'predict', 'file'], byDefault: ['polymarket', 'predict'] },
  symbols: [
    { symbol: 'BTC_PRICE', priority: 1, enabled: true },
    { symbol: 'ETH_PRICE', priority: 3, enabled: true },
    { symbol: 'US_SENATE_2022', priority: 5, enabled: false },
  ],
  strategies: [
    { name: 'sma-cross', problems: ({ fast }) => (fast === 0 ? ['fast must be at least 1'] : []) },
    { name: 'rsi', problems: () => [] },
  ],
  activities: [
    { name: 'sleep', problems: ([argument]) => (argument === undefined ? ['write { "duration": "1s" }'] : []) },
    { name: 'httpPost', problems: () => [] },
  ],
  now: Date.UTC(2026, 0, 31),
};

function configOf(input: unknown): RunConfig {
  const parsed = parsePipelineInput(input, known);
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}

function problemsOf(input: unknown): string[] {
  const parsed = parsePipelineInput(input, known);
  return 'problems' in parsed ? parsed.problems.map(({ where, message }) => `${where}: ${message}`) : [];
}

const task = (given: Record<string, unknown>) => ({ activity: 'httpPost', args: [{ url: 'http://127.0.0.1' }], ...given });

describe('the deadline of a run', () => {
  const start = Date.UTC(2026, 0, 31, 12, 10);
  const deadlineOf = (deadline: string | null) => {
    const parsed = parsePipelineInput({ deadline }, { ...known, start });
    return 'problems' in parsed ? parsed.problems[0].message : parsed.config.deadline;
  };

  it('is a duration after the start, or the next occurrence of a time of day', () => {
    expect(deadlineOf('30m')).toBe(start + 30 * 60_000);
    expect(deadlineOf('12:15Z')).toBe(Date.UTC(2026, 0, 31, 12, 15));
    expect(deadlineOf('12:10Z')).toBe(Date.UTC(2026, 1, 1, 12, 10));
    expect(deadlineOf('00:00:30Z')).toBe(Date.UTC(2026, 1, 1, 0, 0, 30));
    expect(deadlineOf(null)).toBeUndefined();
  });

  it('counts from the clock of the worker when no start is given, not from the run’s asOf', () => {
    const [now, clock] = [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 31)];
    const deadlineFrom = (more: Partial<KnownNames>) => {
      const parsed = parsePipelineInput({ deadline: '30m' }, { ...known, now, ...more });
      return 'problems' in parsed ? parsed.problems : parsed.config.deadline;
    };
    expect([deadlineFrom({ clock }), deadlineFrom({})]).toEqual([clock + 30 * 60_000, now + 30 * 60_000]);
  });

  it.each(['soon', '24:00Z', '12:15', '-5m', '0s', '8d', ''])('is refused with the accepted forms when it is "%s"', (text) => {
    expect(deadlineOf(text)).toBe(
      `"${text}" is not a valid deadline; write a duration after the start of the run, like "30m" (at most "7d"), or a time of day in UTC, like "12:15Z"`,
    );
  });
});

describe('the trading terms of the backtest stage', () => {
  it('are set for the run, and for a strategy that differs from it', () => {
    const { backtest, strategies } = configOf({
      backtest: { cash: 500, side: 'both', spread: 0.01, history: '90d', maxVolumeShare: null },
      strategies: [{ name: 'rsi', backtest: { sizing: { units: 20 }, history: 'all' } }, { name: 'sma-cross' }],
    });
    expect(backtest).toMatchObject({ cash: 500, side: 'both', spread: 0.01, maxVolumeShare: null, historyMs: 90 * 86_400_000 });
    expect(strategies[0].backtest).toMatchObject({ cash: 500, side: 'both', sizing: { units: 20 }, historyMs: null });
    expect(strategies[1]).not.toHaveProperty('backtest');
  });

  it('include the values at their limits: no spread, and twenty years', () => {
    const { backtest } = configOf({ backtest: { spread: 0, history: '7320d' } });
    expect(backtest).toMatchObject({ spread: 0, historyMs: 7320 * 86_400_000 });
    expect(configOf({ backtest: { walkForward: { train: '7320d', test: '1d' } } }).backtest).toHaveProperty('walkForward');
    expect(configOf({ backtest: { universe: 'top 200 by volume' } }).backtest).toMatchObject({ topByVolume: 200 });
    const whole = { walkForward: { train: '60d', test: '14d' }, history: '74d' };
    expect(configOf({ backtest: whole }).backtest).toMatchObject({ historyMs: 74 * 86_400_000 });
  });

  it.each([
    [{ cash: 0 }, 'backtest.cash: 0 is out of range; write a positive amount'],
    [{ sizing: {} }, 'backtest.sizing: write either { "fraction": 0.5 } or { "units": 100 }'],
    [{ sizing: { fraction: 0.5, units: 3 } }, 'backtest.sizing: write either'],
    [{ sizing: { fraction: 1.5 } }, 'backtest.sizing.fraction: 1.5 is out of range; write a share of the cash above 0 and up to 1'],
    [{ side: 'short' }, 'backtest.side: unknown side "short"; there are long, both'],
    [{ spread: 'half' }, 'backtest.spread: "half" is not a valid spread; write "recorded" or a half-spread such as 0.01'],
    [{ spread: -0.1 }, 'backtest.spread: -0.1 is not a valid spread'],
    [{ maxVolumeShare: 10 }, 'backtest.maxVolumeShare: 10 is out of range; write a share above 0 and up to 1, or null for no cap'],
    [{ history: '90' }, 'backtest.history: "90" is not a valid history'],
    [{ history: '0d' }, 'backtest.history: "0d" is not a valid history'],
    [{ history: '7321d' }, 'backtest.history: "7321d" is not a valid history'],
    [{ walkForward: { train: '7321d', test: '1d' } }, 'backtest.walkForward.train: "7321d" is not a number of whole days'],
    [{ history: 'ever' }, 'backtest.history: "ever" is not a valid history; write "all" or a duration such as "90d"'],
    [
      { universe: 'top 0 by volume' },
      'backtest.universe: "top 0 by volume" does not choose markets of a universe; write "top 200 by volume"',
    ],
    [{ universe: 'all' }, 'backtest.universe: "all" does not choose markets of a universe'],
    [{ spreads: 1 }, 'backtest.spreads: unknown field; did you mean spread?'],
    [{ walkForward: true }, 'backtest.walkForward: must be an object, not true'],
    [{ walkForward: { train: '60d' } }, 'backtest.walkForward.test: is missing; write text'],
    [
      { walkForward: { train: '36h', test: '14' } },
      'backtest.walkForward.train: "36h" is not a number of whole days; write a duration such as "60d"',
    ],
    [{ walkForward: { train: '36h', test: '14' } }, 'backtest.walkForward.test: "14" is not a number of whole days'],
    [{ walkForward: { train: '60d', test: '14d', step: '1d' } }, 'backtest.walkForward.step: unknown field'],
    [
      { walkForward: { train: '60d', test: '14d' }, history: '73d' },
      'backtest.walkForward: a window of 60d and 14d is longer than the history of 73d; write shorter parts or a longer backtest.history',
    ],
  ])('are refused with the accepted form when they are %j', (backtest, sentence) => {
    expect(problemsOf({ backtest }).join('\n')).toContain(sentence);
  });

  it('include a walk-forward over all strategies only on request', () => {
    const parts = { trainMs: 60 * 86_400_000, testMs: 14 * 86_400_000 };
    const strategies = [{ name: 'rsi', backtest: { cash: 5 } }];
    const config = configOf({ backtest: { walkForward: { train: '60d', test: '2w' } }, strategies });
    expect(config.backtest?.walkForward).toEqual(parts);
    expect(config.strategies[0].backtest).not.toHaveProperty('walkForward');
    for (const history of ['all', '90d'])
      expect(configOf({ backtest: { walkForward: null, history } }).backtest).not.toHaveProperty('walkForward');
    expect(configOf({ tasks: [task({ taskId: 't' })] }).tasks[0]).not.toHaveProperty('maxLostWorkers');
    const own = { walkForward: { train: '60d', test: '14d' } };
    expect(problemsOf({ strategies: [{ name: 'rsi', backtest: own }] })).toEqual([
      expect.stringContaining('strategies[0].backtest.walkForward: belongs to the run, since each window picks from all strategies'),
    ]);
  });

  it('are the same for equal strategies with equal parameters, since a run has one result for them', () => {
    const twice = (backtest: object) => problemsOf({ strategies: [{ name: 'rsi' }, { name: 'rsi', backtest }] });
    expect(twice({ cash: 5 })).toEqual([expect.stringContaining('strategies[1].backtest: differs from that of strategies[0]')]);
    expect(problemsOf({ strategies: [{ name: 'rsi' }, { name: 'rsi' }] })).toEqual([]);
  });
});

describe('a pipeline input', () => {
  it('may be empty, since every field has the default of the contract', () => {
    const config = configOf({});
    expect(config).toMatchObject({
      symbols: [
        { symbol: 'BTC_PRICE', priority: 1 },
        { symbol: 'ETH_PRICE', priority: 3 },
      ],
      sourceTypes: ['polymarket', 'predict'],
      intervals: ['1h', '4h', '1d'],
      daysBack: 7,
      untilStage: 'visualize',
      maxConcurrent: 5,
      order: 'priority',
      strategies: [{ name: 'sma-cross', params: { fast: 10, slow: 30 } }],
      tasks: [],
      refetch: false,
      asOf: known.now,
    });
    expect(config.backtest).toEqual({
      cash: 10_000,
      sizing: { fraction: 1 },
      side: 'long',
      spread: 'recorded',
      slippageTicks: 0,
      maxVolumeShare: 0.1,
      historyMs: null,
    });
    expect(config.stages.collect).toEqual({
      policy: { maxRetries: 3, retryDelayMs: 1_000, backoff: 2, maxDelayMs: 60_000, timeoutMs: 900_000 },
      critical: false,
    });
    expect(config.stages.kline.policy.timeoutMs).toBe(300_000);
    expect(configOf(undefined)).toEqual(config);
  });

  it('excludes symbols without selectors for the chosen sources, unless it names them', () => {
    const symbols = [...known.symbols, { symbol: 'MINE', priority: 3, enabled: true, sourceTypes: ['file'] as const }];
    const namesOf = (input: object): readonly string[] => {
      const parsed = parsePipelineInput(input, { ...known, symbols });
      if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems));
      return parsed.config.symbols.map(({ symbol }) => symbol);
    };
    expect(namesOf({})).toEqual(['BTC_PRICE', 'ETH_PRICE']);
    expect(namesOf({ sourceTypes: ['predict', 'file'] })).toEqual(['BTC_PRICE', 'ETH_PRICE', 'MINE']);
    expect(namesOf({ symbols: ['MINE'] })).toEqual(['MINE']);
    const waiting = { sourceTypes: ['file'], tasks: [task({ taskId: 'after', dependencies: ['MINE/collect'] })] };
    expect(namesOf(waiting)).toContain('MINE');
  });

  it('may name a disabled symbol, or no symbols', () => {
    expect(configOf({ symbols: ['US_SENATE_2022'] }).symbols).toEqual([{ symbol: 'US_SENATE_2022', priority: 5 }]);
    expect(configOf({ symbols: [] }).symbols).toEqual([]);
  });

  it('passes its retry rules from the run to stages and custom tasks, which may override them', () => {
    const config = configOf({
      retry: { maxRetries: 1, retryDelay: '5m', backoff: 1 },
      stages: { store: { retry: { maxRetries: 7 }, timeout: '30s', critical: true, priority: 1 } },
      criticalStages: ['kline'],
      tasks: [task({ taskId: 'notify', retryDelay: '2s', timeout: '10s' })],
    });
    // a first wait of five minutes is not cut to the default longest wait of one
    expect(config.stages.collect.policy).toEqual({
      maxRetries: 1,
      retryDelayMs: 300_000,
      backoff: 1,
      maxDelayMs: 300_000,
      timeoutMs: 900_000,
    });
    expect(config.stages.store).toEqual({
      policy: { maxRetries: 7, retryDelayMs: 300_000, backoff: 1, maxDelayMs: 300_000, timeoutMs: 30_000 },
      critical: true,
      priority: 1,
    });
    expect(config.stages.kline.critical).toBe(true);
    expect(config.tasks[0].policy).toEqual({ maxRetries: 1, retryDelayMs: 2_000, backoff: 1, maxDelayMs: 300_000, timeoutMs: 10_000 });
  });

  it('applies the timeout of the run to every stage; collect has a longer timeout only by default', () => {
    const { stages } = configOf({ timeout: '20s', stages: { kline: { timeout: '7s' } } });
    expect(Object.values(stages).map(({ policy }) => policy.timeoutMs)).toEqual([20_000, 20_000, 20_000, 7_000, 20_000, 20_000]);
  });

  it('is refused with an asOf in the future, since trades until then would count as collected; clocks may differ a little', () => {
    const given = (asOf: string) => parsePipelineInput({ asOf }, { ...known, clock: known.now });
    expect(given('2026-01-31T00:04:00Z')).toHaveProperty('config');
    expect(given('2026-02-01')).toEqual({
      problems: [{ where: 'asOf', message: '2026-02-01 is in the future; leave it out to run as of now (2026-01-31T00:00:00.000Z)' }],
    });
  });

  it('gets its asOf once: the given instant or the present one', () => {
    expect(configOf({ asOf: '2026-01-02T03:04:05Z' }).asOf).toBe(Date.UTC(2026, 0, 2, 3, 4, 5));
    expect(configOf({ asOf: '2026-01-02' }).asOf).toBe(Date.UTC(2026, 0, 2));
    expect(configOf({ asOf: null }).asOf).toBe(known.now);
  });

  it('passes its rules for error types on field by field, and refuses unknown error types', () => {
    const config = configOf({
      retry: { byError: { RateLimited: { maxRetries: 10, retryDelay: '5s' }, SourceUnavailable: { backoff: 1, maxDelay: '2m' } } },
      stages: { collect: { retry: { byError: { RateLimited: { retryDelay: '10s' } } } } },
      tasks: [
        task({ taskId: 'notify', byError: { TaskTimeout: { maxRetries: 0 } }, onLostWorker: 'fail' }),
        task({ taskId: 'other', onLostWorker: 'retry' }),
      ],
    });
    const ofRun = { RateLimited: { maxRetries: 10, retryDelayMs: 5_000 }, SourceUnavailable: { backoff: 1, maxDelayMs: 120_000 } };
    expect(config.stages.store.policy.byError).toEqual(ofRun);
    expect(config.stages.collect.policy.byError).toEqual({ ...ofRun, RateLimited: { maxRetries: 10, retryDelayMs: 10_000 } });
    expect(config.tasks[0]).toMatchObject({ onLostWorker: 'fail', policy: { byError: { ...ofRun, TaskTimeout: { maxRetries: 0 } } } });
    expect(config.tasks[1]).not.toHaveProperty('onLostWorker');
    expect(
      problemsOf({
        retry: { byError: { RateLimitd: {}, InvalidPipeline: {}, RateLimited: { retryDelay: '5m', maxDelay: '1m' } } },
        tasks: [task({ taskId: 'notify', byError: { TaskTimeout: { tries: 2 }, RateLimitd: {} }, onLostWorker: 'never' })],
      }).sort(),
    ).toEqual([
      expect.stringMatching(/^retry\.byError\.InvalidPipeline: unknown error type; the error types here are BadInput, SourceUnavailable/),
      'retry.byError.RateLimitd: unknown error type; did you mean RateLimited?',
      'retry.byError.RateLimited.maxDelay: 1m is shorter than retryDelay 5m; make it at least as long',
      'tasks[0].byError.RateLimitd: unknown error type; did you mean RateLimited?',
      expect.stringContaining('tasks[0].byError.TaskTimeout.tries: unknown field'),
      'tasks[0].onLostWorker: unknown choice "never"; there are retry, fail',
    ]);
  });

  it('is refused with all problems at once, each with its place and the remedy', () => {
    const problems = problemsOf({
      symbls: ['BTC_PRICE'],
      symbols: ['BTC_PRIC', 'ETH_PRICE', 'ETH_PRICE'],
      sourceTypes: ['polymarkt'],
      intervals: ['1h', '2d'],
      untilStage: 'klines',
      order: 'priorty',
      maxConcurrent: 0,
      daysBack: 'week',
      timeout: 'banana',
      retry: { retryDelay: '2m', maxDelay: '1m', backof: 2 },
      stages: { colect: {}, kline: { priority: 9 } },
      strategies: [{ name: 'sma-cros' }, { name: 'sma-cross', params: { fast: 0 } }],
      asOf: '2026-02-31',
      tasks: [
        task({ taskId: 'a', dependencies: ['b'] }),
        task({ taskId: 'b', dependencies: ['a', 'ETH_PRICE/colect'] }),
        { taskId: 'c', activity: 'sleeep' },
        { taskId: 'd', activity: 'sleep' },
        task({ taskId: 'a' }),
        task({}),
      ],
    });
    expect(problems).toEqual([
      'symbols[0]: unknown symbol "BTC_PRIC"; `predictlab symbols list` shows the catalogue; did you mean BTC_PRICE?',
      'sourceTypes[0]: unknown source "polymarkt"; there are polymarket, predict, file; did you mean polymarket?',
      'intervals[1]: unknown interval "2d"; there are 1m, 5m, 15m, 30m, 1h, 2h, 4h, 6h, 12h, 1d, 1w; did you mean 2h?',
      'daysBack: must be a number, not "week"',
      'untilStage: unknown stage "klines"; there are collect, clean, store, kline, backtest, visualize; did you mean kline?',
      'maxConcurrent: 0 is out of range; write a whole number from 1 to 10000',
      'order: unknown order "priorty"; there are fifo, priority, critical-path; did you mean priority?',
      'retry.backof: unknown field; did you mean backoff?',
      'timeout: "banana" is not a valid duration; write a number and a unit, like "30s", "5m" or "1h"',
      'stages.kline.priority: 9 is out of range; write a whole number from 1 to 5',
      'stages.colect: unknown field; did you mean collect?',
      'strategies[0].name: unknown strategy "sma-cros"; there are sma-cross, rsi; did you mean sma-cross?',
      'tasks[2].activity: unknown activity "sleeep"; there are sleep, httpPost; did you mean sleep?',
      'tasks[5].taskId: is missing; write text',
      'asOf: "2026-02-31" is not a valid instant; write ISO 8601 in UTC, like "2026-01-31T12:00:00Z"',
      'symbls: unknown field; did you mean symbols?',
      'retry.maxDelay: 1m is shorter than retryDelay 2m; make it at least as long',
      'strategies[1].params: fast must be at least 1',
      'tasks[3].args: write { "duration": "1s" }',
      'symbols[2]: ETH_PRICE is listed twice (first as symbols[1]); remove one',
      'tasks[4].taskId: the id a is already taken by tasks[0].taskId; give this task another one',
      'tasks[1].dependencies[1]: no task ETH_PRICE/colect in this run; did you mean ETH_PRICE/collect?',
      'a → b → a: a cycle: each waits for the next, so none can start; remove one of these dependencies',
    ]);
  });

  it('cannot make a task wait for a stage that untilStage excludes', () => {
    const problems = problemsOf({ untilStage: 'store', tasks: [task({ taskId: 'check', runBefore: ['BTC_PRICE/backtest'] })] });
    expect(problems).toEqual([
      'tasks[0].runBefore[0]: BTC_PRICE/backtest is cut off by untilStage store; set untilStage to backtest or later, or remove it here',
    ]);
  });

  it('is refused with the wrong value when that is not an object, list, number or duration', () => {
    expect(problemsOf('run everything')).toEqual(['input: must be an object, not "run everything"']);
    expect(problemsOf([])).toEqual(['input: must be an object, not a list']);
    expect(problemsOf({ symbols: 'BTC_PRICE' })).toEqual(['symbols: must be a list, not "BTC_PRICE"']);
    expect(problemsOf({ timeout: 5 })).toEqual(['timeout: must be text, not 5']);
    expect(problemsOf({ timeout: '-5s' })).toEqual(['timeout: "-5s" must be longer than nothing, like "30s"']);
    expect(problemsOf({ maxConcurrent: 2.5 })).toEqual(['maxConcurrent: 2.5 is out of range; write a whole number from 1 to 10000']);
  });

  it('may have an asOf from a clock that is up to five minutes ahead, not more', () => {
    const clock = Date.UTC(2026, 0, 31);
    const at = (ms: number) => parsePipelineInput({ asOf: new Date(ms).toISOString() }, { ...known, clock });
    expect('config' in at(clock + 300_000)).toBe(true);
    expect(at(clock + 300_001)).toMatchObject({ problems: [{ where: 'asOf', message: expect.stringContaining('is in the future') }] });
    expect('config' in parsePipelineInput({ asOf: '2999-01-01' }, known)).toBe(true);
    expect(parsePipelineInput({ asOf: 99_999 }, { ...known, clock })).toEqual({
      problems: [{ where: 'asOf', message: 'must be text, not 99999' }],
    });
  });

  it('may have a maximum wait equal to its first wait, but not a shorter one', () => {
    expect(problemsOf({ retry: { retryDelay: '1m', maxDelay: '1m' } })).toEqual([]);
    expect(problemsOf({ retry: { retryDelay: '61s', maxDelay: '1m' } })).toEqual([
      'retry.maxDelay: 1m is shorter than retryDelay 61s; make it at least as long',
    ]);
    const rule = { RateLimited: { retryDelay: '2s', maxDelay: '1s' } };
    expect(problemsOf({ stages: { collect: { retry: { byError: rule } } } })).toEqual([
      'stages.collect.retry.byError.RateLimited.maxDelay: 1s is shorter than retryDelay 2s; make it at least as long',
    ]);
  });

  it('may have a window of an hour or more', () => {
    expect(problemsOf({ daysBack: 1 / 24 })).toEqual([]);
    expect(problemsOf({ daysBack: 0.04 })).toHaveLength(1);
  });

  it('is refused with the expected type when a field has another type or is missing', () => {
    expect(problemsOf({ daysBack: 'week', symbols: 'BTC', refetch: 1, stages: [] })).toEqual([
      'symbols: must be a list, not "BTC"',
      'daysBack: must be a number, not "week"',
      'stages: must be an object, not a list',
      'refetch: must be true or false, not 1',
    ]);
    expect(problemsOf({ tasks: [{ activity: 'sleep', args: [{}] }] })).toContain('tasks[0].taskId: is missing; write text');
  });
});
