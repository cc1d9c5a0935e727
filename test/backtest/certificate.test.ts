import { expect, it } from 'vitest';
import { type Certificate, combinedCertificate } from '../../src/backtest/proof/certificate.ts';
import { runBacktest } from '../../src/backtest/run-backtest.ts';
import { smaCross } from '../../src/backtest/strategies/shipped.ts';
import { walk } from './series.ts';

it('look-ahead in a result of several backtests stays undetected only if the proof of each backtest misses it', () => {
  const { passport } = runBacktest({ candles: walk(60, 3, { probability: true }), strategy: smaCross, params: { fast: 3, slow: 9 } });
  const part = (detected: number): Certificate => ({
    lookAhead: { deterministic: true, tested: 9, of: 10, changed: 0, power: { peekEvery: 20, detected }, firstBar: null, verdict: '' },
    provable: true,
    notProvable: [],
    passport,
  });
  const of = (...detected: number[]) => combinedCertificate('own', detected.map(part), {}).lookAhead;
  expect(of(0.5, 0.5)?.power.detected).toBe(0.75);
  expect(of(0.5, 0.5, 0.5)?.power.detected).toBe(0.875);
  expect(of(0.5)).toMatchObject({ tested: 9, of: 10, changed: 0, power: { detected: 0.5 } });
  expect(of()).toBeNull();
});
