import childProcess from 'node:child_process';
import dns from 'node:dns';
import fs from 'node:fs';
import inspector from 'node:inspector';
import { createRequire } from 'node:module';
import v8 from 'node:v8';
import threads from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { inSlices } from '../../src/activities/custom/threads/backtests-on-thread.ts';
import { backtestData } from '../../src/backtest/engine/backtest-data.ts';
import type { CandleSeries } from '../../src/backtest/engine/candle-series.ts';
import { type Market, plainMarket } from '../../src/backtest/engine/market.ts';
import { runPortfolio } from '../../src/backtest/portfolio/run-portfolio.ts';
import { optionsFor, runBacktest as runInEngine } from '../../src/backtest/run-backtest.ts';
import { runTrials } from '../../src/backtest/run-trials.ts';
import { shippedStrategies } from '../../src/backtest/strategies/registry.ts';
import { type BarsSoFar, type Decision, defineStrategy, type Situation, type Strategy } from '../../src/backtest/strategy.ts';
import { walkForward } from '../../src/backtest/walk-forward/walk-forward.ts';
import { indicators } from '../../src/library/indicators.ts';
import { runBacktest } from '../../src/library/run-backtest.ts';
import { DAY, HOUR, walk } from './series.ts';

const series = (): CandleSeries => walk(168, 3, { probability: true });

type Create = (bars: BarsSoFar, situation: Situation, candles: CandleSeries) => () => Decision;

const strategyOf = (create: Create, candles: CandleSeries) =>
  defineStrategy({
    name: 'cheater',
    summary: 'for tests',
    params: z.strictObject({}),
    create: (_params, bars, situation) => create(bars, situation, candles),
  });

const asPlugin = (create: Create, candles: CandleSeries) => ({ ...strategyOf(create, candles), codeHash: 'of a plugin' });

const market: Market = { ...plainMarket('probability'), resolution: { kind: 'settled', payout: 1, at: null } };

/** Runs a cheater twice on one series, as a program would that tries parameters: what it remembers must not help it either. */
function run(create: Create, candles = series()) {
  const strategy = strategyOf(create, candles);
  const request = { candles, strategy, market: { market: 'probability', resolution: 1 } } as const;
  runBacktest(request);
  return runBacktest(request);
}

const up = (now: number, next: number | undefined): Decision => ((next ?? 0) > now ? 'long' : 'flat');

function cheatsFirst(): Create {
  let runs = 0;
  return (bars, _situation, { close }) => {
    const cheats = runs++ % 4 === 0;
    return () => (cheats ? up(bars.close(), close[bars.index + 1]) : 'hold');
  };
}

const CAUGHT: Readonly<Record<string, Create>> = {
  'holds the very columns of its program':
    (bars, _situation, { close }) =>
    () =>
      up(bars.close(), close[bars.index + 1]),
  'reads the columns through another view of their memory': (bars, _situation, { close }) => {
    const view = new DataView(close.buffer);
    return () => (bars.index < 160 ? up(bars.close(), view.getFloat64((bars.index + 1) * 8, true)) : 'hold');
  },
  'takes a z-score over the full sample': (bars, _situation, { close }) => {
    const mean = close.reduce((sum, one) => sum + one, 0) / close.length;
    return () => (bars.close() < mean ? 'long' : 'flat');
  },
  'centres a moving average over the whole series': (bars, _situation, candles) => {
    const average = indicators.sma(candles, { period: 5 });
    return () => up(bars.close(), average[bars.index + 2]);
  },
  'watches the map that keeps indicator values': (bars) => {
    const { set } = Map.prototype;
    let seen: Float64Array | undefined;
    const watch = (own: typeof set): unknown => Object.assign(Map.prototype, { set: own });
    watch(function watched(this: Map<unknown, unknown>, key: unknown, value: unknown) {
      if (value instanceof Float64Array) seen = value;
      return set.call(this, key, value);
    });
    try {
      bars.indicator('sma', { period: 1 });
    } finally {
      watch(set);
    }
    return () => up(bars.close(), seen?.[bars.index + 1]);
  },
  'keeps the columns in a global variable': (bars, _situation, { close }) => {
    const shared = globalThis as { stolen?: Float64Array };
    shared.stolen ??= close;
    return () => up(bars.close(), shared.stolen?.[bars.index + 1]);
  },
  'cheats in its first run alone': cheatsFirst(),
  'reads shared memory through an array of its own': (bars, _situation, { close }) => {
    const own = new Float64Array(close.buffer, close.byteOffset, close.length);
    return () => up(bars.close(), own[bars.index + 1]);
  },
  'copies the columns before the first bar': (bars, _situation, { close }) => {
    const copy = [...close];
    return () => up(bars.close(), copy[bars.index + 1]);
  },
  'knows the highest price of the whole series': (bars, _situation, { high }) => {
    const most = Math.max(...high);
    return () => (bars.high() === most ? 'flat' : 'long');
  },
  'knows where the next low is': (bars, _situation, { low }) => {
    return () => (low.subarray(bars.index + 1, bars.index + 4).some((one) => one < bars.low()) ? 'flat' : 'long');
  },
  'decides at random': () => () => (Math.random() > 0.5 ? 'long' : 'flat'),
  'reads the clock': () => () => (process.hrtime.bigint() % 3n === 0n ? 'long' : 'flat'),
};

const REFUSED: Readonly<Record<string, readonly [Create, string]>> = {
  'names a bar with an object that has valueOf': [
    (bars) => () => up(bars.close(), bars.close({ valueOf: () => -1 } as unknown as number)),
    'the number of bars to look back must be a number, got object',
  ],
  'names a bar with a getter of a primitive': [
    (bars) => () => up(bars.close(), bars.close({ [Symbol.toPrimitive]: () => -1 } as unknown as number)),
    'the number of bars to look back must be a number, got object',
  ],
  'names a bar with a Proxy': [
    (bars) => () => up(bars.close(), bars.close(new Proxy({}, { get: () => () => -1 }) as unknown as number)),
    'the number of bars to look back must be a number, got object',
  ],
  'names a bar with a BigInt': [(bars) => () => up(bars.close(), bars.close(-1n as unknown as number)), 'got bigint'],
  'moves the clock': [
    (bars) => () => {
      (bars as { index: number }).index = 100;
      return 'hold';
    },
    'only a getter',
  ],
  'adds toJSON to all objects': [
    () => {
      (Object.prototype as { toJSON?: unknown }).toJSON = () => 1;
      return () => 'hold';
    },
    'Object.prototype.toJSON was changed by the strategy',
  ],
  'adds toJSON to all lists by a getter': [
    () => {
      Reflect.defineProperty(Array.prototype, 'toJSON', { get: () => () => 1, configurable: true });
      return () => 'hold';
    },
    'Array.prototype.toJSON was changed by the strategy',
  ],
  'adds a limit that every order inherits': [
    () => {
      Reflect.defineProperty(Object.prototype, 'limit', { value: 0.01, configurable: true });
      return () => 'hold';
    },
    'Object.prototype.limit was changed by the strategy',
  ],
  'replaces findLast, by which quotes are found': [
    () => () => {
      Reflect.set(Array.prototype, 'findLast', () => ({ bid: 0.99, ask: 0.99, at: 0 }));
      return 'hold';
    },
    'Array.prototype.findLast was changed by the strategy',
  ],
  'deletes map of arrays': [
    () => () => {
      Reflect.deleteProperty(Array.prototype, 'map');
      return 'hold';
    },
    'Array.prototype.map was changed by the strategy',
  ],
  'replaces the arrays that others are given': [
    () => {
      const own = Float64Array;
      globalThis.Float64Array = new Proxy(own, { construct: (_own, [length]: [number]) => new own(length).fill(1) });
      return () => 'hold';
    },
    'globalThis.Float64Array was changed by the strategy',
  ],
  'replaces the maps that keep indicators': [
    () => {
      globalThis.Map = class extends Map<unknown, unknown> {};
      return () => 'hold';
    },
    'globalThis.Map was changed by the strategy',
  ],
  'hides fill of all typed arrays behind its own': [
    () => {
      Reflect.defineProperty(Float64Array.prototype, 'fill', { value: () => undefined, configurable: true });
      return () => 'hold';
    },
    'Float64Array.prototype.fill was changed by the strategy',
  ],
  'replaces Math.abs by a getter that is honest at first': [
    () => {
      const { abs } = Math;
      let asked = 0;
      Object.defineProperty(Math, 'abs', { get: () => (asked++ < 5 ? abs : () => 0), configurable: true });
      return () => 'hold';
    },
    'Math.abs was changed by the strategy',
  ],
  'replaces Math.max and what would show it': [
    () => {
      const { max } = Math;
      const truth = Object.getOwnPropertyDescriptor;
      Math.max = () => 1;
      Object.getOwnPropertyDescriptor = (owner, key) => (key === 'max' ? { value: max } : truth(owner, key));
      return () => 'hold';
    },
    'was changed by the strategy',
  ],
  'replaces the iterators of arrays by ones that skip what is compared': [
    () => {
      const values = Array.prototype[Symbol.iterator];
      const none = () => values.call([]);
      const skipping = function (this: { owner?: unknown }[]) {
        return this[0]?.owner === Math ? none() : values.call(this);
      };
      Object.assign(Array.prototype, { [Symbol.iterator]: skipping });
      return () => 'hold';
    },
    'Array.prototype[Symbol(Symbol.iterator)] was changed by the strategy',
  ],
  'replaces Math.max and the comparison that would show it': [
    () => {
      const { is } = Object;
      Math.max = () => 1;
      Object.is = (one, other) => typeof one === 'function' || is(one, other);
      return () => 'hold';
    },
    'Math.max was changed by the strategy',
  ],
  'replaces Math.max and what would put it back': [
    () => {
      const { defineProperty } = Reflect;
      Math.max = () => 1;
      Reflect.defineProperty = (owner, key, descriptor) => key === 'max' || defineProperty(owner, key, descriptor);
      return () => 'hold';
    },
    'Math.max was changed by the strategy',
  ],
  'adds to Object.prototype what descriptors of properties inherit': [
    () => {
      (Object.prototype as { get?: unknown }).get = () => 1;
      return () => 'hold';
    },
    'Object.prototype.get was changed by the strategy',
  ],
  'reads on in a file that is already open': [
    () => () => (fs.readvSync(0, [Buffer.alloc(8)]) > 0 ? 'long' : 'flat'),
    'a strategy cannot use readvSync while it decides',
  ],
  'takes the modification time of a file as an answer': [
    () => () => (fs.lstatSync('/tmp').mtimeMs % 2 > 1 ? 'long' : 'flat'),
    'a strategy cannot use lstatSync while it decides',
  ],
  'takes the target of a link as an answer': [
    () => () => (fs.readlinkSync('/proc/self').length > 3 ? 'long' : 'flat'),
    'a strategy cannot use readlinkSync while it decides',
  ],
  'reaches files through process.binding': [
    () => () => ((process as unknown as { binding: (name: string) => unknown }).binding('fs') === undefined ? 'long' : 'flat'),
    'a strategy cannot use binding while it decides',
  ],
  'requires a module while it decides': [
    () => () => (createRequire(import.meta.url)('../../package.json') === undefined ? 'long' : 'flat'),
    'while it decides',
  ],
  'asks the name service for an answer': [
    () => () => {
      dns.lookup('next.example', () => undefined);
      return 'hold';
    },
    'a strategy cannot use lookup while it decides',
  ],
  'looks into all memory with a debugger': [
    () => () => {
      const session = new inspector.Session();
      session.connect();
      return 'hold';
    },
    'a strategy cannot use connect while it decides',
  ],
  'changes the flags of V8': [
    () => () => {
      v8.setFlagsFromString('--stack-size=900');
      return 'hold';
    },
    'a strategy cannot use setFlagsFromString while it decides',
  ],
  'names a bar with text': [(bars) => () => up(bars.close(), bars.close('-1' as unknown as number)), 'got string'],
  'replaces close of all windows': [
    (bars) => {
      (Object.getPrototypeOf(Object.getPrototypeOf(bars)) as { close: () => number }).close = () => 0.5;
      return () => 'hold';
    },
    'read only',
  ],
  'replaces the equity of its account': [
    (_bars, situation) => {
      Object.defineProperty(situation, 'equity', { value: 1e9 });
      return () => 'hold';
    },
    'not extensible',
  ],
  'replaces Math.min': [
    () => () => {
      Math.min = () => 1e9;
      return 'long';
    },
    'Math.min was changed by the strategy',
  ],
  'adds to Object.prototype while replacing JSON.stringify': [
    () => {
      (Object.prototype as { toJSON?: unknown }).toJSON = () => 1;
      JSON.stringify = () => '1';
      return () => 'hold';
    },
    'was changed by the strategy',
  ],
  'reads a file': [
    (bars) => () => up(bars.close(), Number(fs.readFileSync('/dev/null', 'utf8'))),
    'a strategy cannot use readFileSync while it decides',
  ],
  'reaches a file through Function': [
    (bars) => {
      const reach = (bars as unknown as { constructor: { constructor: (code: string) => () => typeof process } }).constructor.constructor;
      const own = reach('return process')();
      const files = (own as { getBuiltinModule?: (name: string) => typeof fs }).getBuiltinModule?.('fs') ?? fs;
      return () => (files.existsSync('/tmp') ? 'long' : 'flat');
    },
    'while it decides',
  ],
  'asks another process': [() => () => (childProcess.execSync('echo 1').length > 0 ? 'long' : 'flat'), 'a strategy cannot use execSync'],
  'asks the network for an answer': [
    () => () => {
      void fetch('http://127.0.0.1:9/');
      return 'hold';
    },
    'a strategy cannot use fetch while it decides',
  ],
  'shares memory with a thread': [
    () => {
      const shared = new SharedArrayBuffer(8);
      const thread = new threads.Worker('0', { eval: true, workerData: shared });
      return () => (thread.threadId > 0 ? 'long' : 'flat');
    },
    'a strategy cannot use new Worker while it decides',
  ],
};

describe('a strategy that cheats', () => {
  afterEach(() => {
    delete (globalThis as { stolen?: unknown }).stolen;
  });

  it.each(Object.entries(CAUGHT))('is caught: %s', (_how, create) => {
    const { lookAhead } = run(create);
    expect(lookAhead?.changed).toBeGreaterThan(0);
  });

  it.each(Object.entries(REFUSED))('is refused: %s', (_how, [create, sentence]) => {
    const { min, max } = Math;
    const { is } = Object;
    const { defineProperty } = Reflect;
    expect(() => run(create)).toThrow(sentence);
    expect([Math.min, Math.max, Object.is, Reflect.defineProperty]).toEqual([min, max, is, defineProperty]);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('gains nothing from built-ins that it changes only while its account trades', () => {
    const { min } = Math;
    const trade = (poison: object) =>
      run((bars, situation) => () => {
        Object.assign(Math, poison);
        const { equity } = situation;
        Object.assign(Math, { min });
        return equity > 0 && bars.close() > bars.close(1) ? { side: 'long', stop: 0.01 } : bars.close() < 0.3 ? 'flat' : 'hold';
      });
    const more = (one: number, other: number): number => (other === Number.POSITIVE_INFINITY ? 1e6 : min(one, other));
    expect(trade({ min: more }).equity).toEqual(trade({}).equity);
  });

  it('is refused an order whose fields change after the check', () => {
    const { fromEntries } = Object;
    let asked = 0;
    const growing = { side: 'long', size: 1 };
    Object.defineProperty(growing, 'size', { get: () => (asked++ < 1 ? 1 : 50), enumerable: true });
    const create: Create = (bars) => () => {
      Object.fromEntries = bars.index === 1 ? () => growing : fromEntries;
      return bars.index === 1 ? { side: 'long' } : 'hold';
    };
    expect(() => run(create)).toThrow('size must be a share of the equity above 0 and at most 1, got 50');
  });

  it('cannot read a file in the message getter of an error that it throws', () => {
    const error = new Error('none');
    let text = '';
    Object.defineProperty(error, 'message', { get: () => (text = fs.readFileSync('package.json', 'utf8')) });
    const create: Create = () => () => {
      throw error;
    };
    expect(() => run(create)).toThrow("strategy 'cheater' at bar 0");
    expect(text).toBe('');
  });

  it('is refused a file that its parameters read, in a transform or in a getter that the transform returns', () => {
    const read = (): number => fs.readFileSync('package.json', 'utf8').length;
    const getter = (): object => Object.defineProperty({}, 'at', { get: read, enumerable: true });
    for (const transform of [read, getter, () => new Proxy({}, { ownKeys: () => [`${read()}`] }), () => ({ later: read })]) {
      const strategy = { ...strategyOf(() => () => 'hold', series()), params: z.strictObject({}).transform(transform) };
      expect(() => runInEngine({ candles: series(), strategy })).toThrow("strategy 'cheater' cannot take its parameters: ");
    }
    const plain = {
      ...strategyOf(() => () => 'hold', series()),
      params: z.strictObject({}).transform(() => ({ days: new Set([1]), from: 3 })),
    };
    expect(runInEngine({ candles: series(), strategy: plain }).params).toEqual({ days: new Set([1]), from: 3 });
  });

  it('cannot change the series of its backtest, even if it holds columns that the proof replaced', () => {
    const [one, other] = [series(), series()];
    run(CAUGHT['holds the very columns of its program'], one);
    expect(one).toEqual(other);
  });

  it('does not change the results of the other trials of its batch', () => {
    const poisoner = strategyOf(REFUSED['replaces Math.min'][0], series());
    const market = plainMarket('probability');
    const options = optionsFor(market, { sizing: { kind: 'fixed', units: 5 } });
    const honest = shippedStrategies.filter(({ name }) => name === 'rsi' || name === 'momentum');
    const trials = honest.map((strategy) => ({ strategy, params: strategy.params.parse({}) as object as Record<string, number> }));
    const alone = runTrials(backtestData(series(), market), trials, options);
    const beside = runTrials(backtestData(series(), market), [{ strategy: poisoner, params: {} }, ...trials], options);
    expect(beside.failed).toMatchObject([{ because: expect.stringContaining('Math.min was changed by the strategy') as string }]);
    expect(beside.results.map(({ metrics }) => metrics)).toEqual(alone.results.map(({ metrics }) => metrics));
  });

  it('is caught in a walk-forward and in a portfolio as well, and both have a passport', () => {
    const candles = walk(24 * 40, 3, { probability: true });
    const market = plainMarket('probability');
    const cheater = strategyOf(CAUGHT['holds the very columns of its program'], candles);
    const data = backtestData(candles, market);
    const options = optionsFor(market);
    const walked = walkForward(data, [{ strategy: cheater, params: {} }], options, { trainMs: 10 * DAY, testMs: 5 * DAY });
    const limits = { perMarket: 0.5, total: 1 };
    const portfolio = runPortfolio([{ name: 'one', data, options }], { strategy: cheater, params: {} }, { cash: 1000, limits });
    for (const { lookAhead, provable, passport } of [walked, portfolio]) {
      expect(lookAhead?.changed).toBeGreaterThan(0);
      expect(provable).toBe(false);
      expect(passport.id).toMatch(/^[0-9a-f]{64}$/);
    }
    const first = () => asPlugin(cheatsFirst(), candles);
    expect(walkForward(data, [{ strategy: first(), params: {} }], options, { trainMs: 10 * DAY, testMs: 5 * DAY }).provable).toBe(false);
    expect(runPortfolio([{ name: 'one', data, options }], { strategy: first(), params: {} }, { cash: 1000, limits }).provable).toBe(false);
    const honest = shippedStrategies.slice(1, 2).map((strategy) => ({ strategy, params: { fast: 3, slow: 9 } }));
    const clean = walkForward(data, honest, options, { trainMs: 10 * DAY, testMs: 5 * DAY });
    expect(clean).toMatchObject({ lookAhead: { changed: 0, of: 960, tested: 959 }, provable: true });
  });

  it('is caught in a walk-forward when it cheats only after a restart, with prices that it saw before', () => {
    const candles = walk(24 * 40, 3, { probability: true });
    const data = backtestData(candles, plainMarket('probability'));
    const cheater = (seen: Map<number, number>) =>
      asPlugin((bars, situation) => {
        let restarted: boolean | undefined;
        return () => {
          restarted ??= bars.index > 0 && situation.position === 0;
          if (!seen.has(bars.time())) seen.set(bars.time(), bars.close());
          return restarted ? up(bars.close(), seen.get(bars.time() + HOUR)) : situation.position > 0 ? 'hold' : 'long';
        };
      }, candles);
    const parts = { trainMs: 10 * DAY, testMs: 5 * DAY };
    const through = (strategy: Strategy, restarted?: Strategy) =>
      walkForward(
        data,
        [{ strategy, params: {}, ...(restarted && { restarted }) }],
        optionsFor(data.market, { maxVolumeShare: null }),
        parts,
      );
    const cheated = through(cheater(new Map()));
    expect(cheated.outOfSample.totalReturn).toBeGreaterThan(1);
    expect(cheated.notProvable).toEqual([
      expect.stringContaining("'cheater' starts again in each part of the series after it has seen the whole"),
    ]);
    // a separate copy for the parts remembers only bars that have passed: it gains nothing, and is still not provable
    const fenced = through(cheater(new Map()), cheater(new Map()));
    expect(fenced.outOfSample.totalReturn).toBeLessThan(0.1);
    expect(fenced.provable).toBe(false);
    const patient = asPlugin(
      (bars, situation) => () => {
        if (situation.position > 0) return bars.close() > (situation.entryPrice ?? 1) + 0.05 ? 'flat' : 'hold';
        return bars.close() < bars.close(6) ? 'long' : 'hold';
      },
      candles,
    );
    expect(through(patient, patient)).toMatchObject({ provable: true, lookAhead: { changed: 0, of: 6 * 120 } });
  });

  it('is not provable when its program remembers an earlier backtest, because no re-run can detect that', () => {
    const candles = series();
    const learned = new Map(Array.from(candles.openTime, (time, bar) => [time, candles.close[bar]]));
    const remembers = strategyOf((bars) => () => up(bars.close(), learned.get(bars.time() + HOUR)), candles);
    for (const version of [undefined, '1']) {
      const strategy = version === undefined ? remembers : { ...remembers, version };
      const { lookAhead, provable, notProvable } = runBacktest({ candles, strategy, market: { market: 'probability', resolution: 1 } });
      expect(lookAhead?.changed).toBe(0);
      expect(provable).toBe(false);
      expect(notProvable.at(-1)).toContain("'cheater' is defined in a program, where it may remember an earlier backtest");
    }
  });

  it('is not provable when the proof caught it or was not run', () => {
    const because = (create: Create, options = {}) => {
      return runInEngine({ candles, strategy: asPlugin(create, candles), market, options }).notProvable;
    };
    const candles = series();
    let lots = 0;
    expect(because((bars) => () => up(bars.close(), candles.close[bars.index + 1]))).toEqual([
      expect.stringContaining("'cheater' looks into the future: "),
    ]);
    expect(because(() => () => (lots++ % 11 === 0 ? 'long' : 'flat'))).toEqual([expect.stringContaining("'cheater' decides differently")]);
    expect(because(() => () => 'long', { proofCuts: 0 })).toEqual([expect.stringContaining('no look-ahead proof was run')]);
  });

  it('is not provable when it holds future prices of its own, which no re-run can detect', () => {
    const answers = series().close;
    const { lookAhead, provable, notProvable } = run((bars) => () => up(bars.close(), answers[bars.index + 1]));
    expect(lookAhead?.changed).toBe(0);
    expect(provable).toBe(false);
    expect(notProvable).toEqual([expect.stringContaining('give the strategy a version'), expect.stringContaining('load it as a plugin')]);
  });

  it('is not provable when it is defined in a program that claims it is a plugin', () => {
    const strategy = { ...asPlugin(() => () => 'long', series()), version: '1' };
    const { notProvable } = runBacktest({ candles: series(), strategy, market: { market: 'probability', resolution: 1 } });
    expect(notProvable).toEqual([expect.stringContaining('is defined in a program')]);
  });

  it('is refused a file that it tries to read after its decisions, for use in the next backtest', async () => {
    let later: Promise<unknown> = Promise.resolve();
    run(() => {
      later = Promise.resolve().then(() => fs.readFileSync('package.json'));
      later.catch(() => undefined);
      return () => 'hold';
    });
    await expect(later).rejects.toThrow('a strategy cannot use readFileSync while it decides');
  });

  it('ends its batch when a promise of its own changes a built-in between two backtests', async () => {
    const { min } = Math;
    function* steps(): Generator<void, string> {
      queueMicrotask(() => Object.assign(Math, { min: () => 0 }));
      const until = performance.now() + 60;
      while (performance.now() < until);
      yield;
      return 'with another Math.min';
    }
    await expect(inSlices(steps(), new AbortController().signal, () => undefined)).rejects.toThrow('Math.min was changed after a decision');
    expect(Math.min).toBe(min);
  });

  describe('that remembers in one trial what it saw in another trial', () => {
    /** Trial 0 is honest and remembers; the others cheat with what it saw, except on prices that it did not see. */
    const learner = (seen = new Map<number, number>()): Strategy => ({
      name: 'learner',
      summary: 'for tests',
      codeHash: 'of a plugin',
      params: z.strictObject({ trial: z.number() }),
      create: (params, bars) => {
        const { trial } = params as { trial: number };
        return () => {
          if (trial === 0 && !seen.has(bars.time())) seen.set(bars.time(), bars.close());
          const isKnown = trial > 0 && seen.get(bars.time()) === bars.close();
          return isKnown && seen.has(bars.time() + HOUR)
            ? up(bars.close(), seen.get(bars.time() + HOUR))
            : bars.close() < bars.close(1)
              ? 'long'
              : 'flat';
        };
      },
    });
    const trialsOf = (strategy: Strategy, ...numbers: number[]) => numbers.map((trial) => ({ strategy, params: { trial } }));
    const options = optionsFor(market, { maxVolumeShare: null });
    const grid = (...trials: { strategy: Strategy; params: Record<string, number> }[]) =>
      runTrials(backtestData(series(), market), trials, options);

    it.each([[[0, 1, 2]], [[0, 1, 2, 0]], [[1, 0, 2]]])('gains nothing, and is caught (%j)', (numbers) => {
      const { results } = grid(...trialsOf(learner(), ...numbers));
      const honest = grid(...trialsOf(learner(), 0)).results[0];
      for (const { params, metrics, provable } of results) {
        expect(metrics.totalReturn).toBe(honest.metrics.totalReturn);
        if (params['trial'] !== 0) expect(provable).toBe(false);
      }
    });

    it('is caught in a walk-forward', () => {
      const candles = walk(24 * 40, 3, { probability: true });
      const through = (...numbers: number[]) =>
        walkForward(backtestData(candles, market), trialsOf(learner(), ...numbers), options, { trainMs: 10 * DAY, testMs: 5 * DAY });
      const walked = through(0, 1, 2);
      expect(walked.outOfSample.totalReturn).toBe(through(0).outOfSample.totalReturn);
    });

    it('is not provable when another strategy changes a built-in, so that its trials are decided one after the other', () => {
      const poisoner = asPlugin(REFUSED['replaces Math.min'][0], series());
      const { results, failed } = grid({ strategy: poisoner, params: {} }, ...trialsOf(learner(), 0, 1));
      expect(failed).toMatchObject([{ strategy: 'cheater', because: expect.stringContaining('Math.min was changed by the') as string }]);
      for (const { provable, notProvable } of results) {
        expect(provable).toBe(false);
        expect(notProvable).toContainEqual(expect.stringContaining('after a strategy beside it had changed a built-in'));
      }
    });

    it('is provable, with the same results as in a separate backtest, when its trials remember nothing', () => {
      const patient = (bars: BarsSoFar, situation: Situation) => () => {
        if (situation.position > 0) return bars.close() > (situation.entryPrice ?? 1) + 0.05 ? ('flat' as const) : ('hold' as const);
        return bars.close() < bars.close(6) ? ({ side: 'long', stop: bars.close() / 2 } as const) : ('hold' as const);
      };
      const crosses: Create = (bars) => {
        const [fast, slow] = [3, 9].map((period) => bars.indicator('sma', { period }));
        return () => (fast.at() > slow.at() ? 'long' : 'flat');
      };
      const strategies = [patient, crosses, patient].map((create) => asPlugin(create, series()));
      const fails = asPlugin((bars) => () => (bars.index < 9 ? 'long' : ('up' as 'long')), series());
      const { results, failed } = grid(...[...strategies, fails].map((strategy) => ({ strategy, params: {} })));
      expect(failed).toMatchObject([{ because: expect.stringContaining("strategy 'cheater' at bar 9 (") as string }]);
      results.forEach((result, at) => {
        const alone = grid({ strategy: strategies[at], params: {} }).results[0];
        expect(result).toMatchObject({ trades: alone.trades, lookAhead: alone.lookAhead, provable: true });
        expect(result.equity).toEqual(alone.equity);
      });
    });
  });

  describe('that holds future prices in the code of its plugin', () => {
    const answers = series().close;
    const under = (create: Create) => {
      return runInEngine({ candles: series(), strategy: asPlugin(create, series()), market });
    };

    it.each<[string, Create]>([
      ['by the number of the bar', (bars) => () => up(answers[bars.index], answers[bars.index + 1])],
      ['by time', (bars) => () => up(answers[bars.time() / HOUR - base], answers[bars.time() / HOUR - base + 1])],
      ['with orders of the calendar', (bars) => () => (bars.index % 12 === 0 ? 'long' : bars.index % 12 === 6 ? 'flat' : 'hold')],
    ])('is not provable, because its decisions do not follow the prices (%s)', (_how, create) => {
      const { lookAhead, provable, notProvable } = under(create);
      expect(lookAhead).toMatchObject({ changed: 0, deterministic: true });
      expect(provable).toBe(false);
      expect(notProvable).toEqual([expect.stringMatching(/^'cheater' repeats \d+ of \d+ changes of its decision on other prices: /)]);
    });

    it('is not provable in a portfolio, even if it trades little in each market', () => {
      const markets = Array.from({ length: 12 }, (_, at) => {
        const candles = walk(168, at + 1, { probability: true });
        candles.openTime.forEach((time, bar) => (candles.openTime[bar] = time + at * 168 * HOUR));
        return { name: String(at), data: backtestData(candles, market), options: optionsFor(market) };
      });
      const limits = { perMarket: 0.1, total: 1 };
      const portfolio = (create: Create) =>
        runPortfolio(markets, { strategy: asPlugin(create, series()), params: {} }, { cash: 1000, limits });
      // bought at the lowest close of each market, sold at the highest one
      const words = new Map<number, Decision>();
      for (const { data } of markets) {
        const { openTime, close } = data.candles;
        words.set(openTime[close.indexOf(Math.min(...close))], 'long').set(openTime[close.indexOf(Math.max(...close))], 'flat');
      }
      const carried = portfolio((bars) => () => words.get(bars.time()) ?? 'hold');
      expect(carried.notProvable).toEqual([expect.stringMatching(/^'cheater' repeats 12 of 12 changes of its decision on other prices: /)]);
      expect(carried.provable).toBe(false);
      const threshold = portfolio((bars) => () => (bars.close() > 0.3 ? 'long' : 'hold'));
      const dips = portfolio(
        (bars) => () => (bars.close() < bars.close(5) - 0.06 ? 'long' : bars.close() > bars.close(5) ? 'flat' : 'hold'),
      );
      for (const honest of [threshold, dips]) expect(honest).toMatchObject({ provable: true, notProvable: [] });
    });

    const base = series().openTime[0] / HOUR;

    it.each<[string, Create]>([
      ['follows the prices', (bars) => () => (bars.close() > bars.close(1) ? 'long' : 'flat')],
      ['decides once', (bars) => () => (bars.index === 0 ? 'long' : 'hold')],
      ['always wants the same', () => () => 'long'],
      [
        'crosses averages',
        (bars) => {
          const [fast, slow] = [3, 9].map((period) => bars.indicator('sma', { period }));
          return () => (fast.at() > slow.at() ? 'long' : 'flat');
        },
      ],
    ])('is only provable when it %s', (_how, create) => {
      expect(under(create)).toMatchObject({ provable: true, notProvable: [], lookAhead: { changed: 0 } });
    });
  });
});
