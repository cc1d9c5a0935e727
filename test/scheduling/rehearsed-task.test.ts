import { describe, expect, it } from 'vitest';
import { drawn, normal, rehearseTask } from '../../src/scheduling/rehearse/rehearsed-task.ts';
import { POLICY } from './run-config.ts';

const play = (given: Partial<Parameters<typeof rehearseTask>[0]>) =>
  rehearseTask({ policy: POLICY, meanMs: 1_000, failureRate: 0, seed: 1, earlierAttempts: 0, earlier: { failures: 0 }, at: 0, ...given });
const policy = { ...POLICY, maxRetries: 3, retryDelayMs: 1_000, backoff: 2, maxDelayMs: 60_000, timeoutMs: 5_000 };

describe('a rehearsed task', () => {
  it('takes exp(σz − σ²/2) times its mean, with σ = 0.5', () => {
    const z = normal(drawn(9, 1, 1), drawn(9, 1, 2));
    const { kind, attempts, lastsMs } = play({ seed: 9 });
    expect([kind, attempts]).toEqual(['succeeded', 1]);
    expect(lastsMs).toBeCloseTo(1_000 * Math.exp(0.5 * z - 0.125), 9);
  });

  it('takes its mean on average', () => {
    let sum = 0;
    for (let seed = 0; seed < 5_000; seed++) sum += play({ seed }).lastsMs;
    expect(Math.abs(sum / 5_000 - 1_000)).toBeLessThan(30);
  });

  it('keeps its slot between attempts, and an attempt that times out takes as long as its timeout', () => {
    expect(play({ policy, meanMs: 0, failureRate: 1 })).toMatchObject({ kind: 'failed', attempts: 4, failures: 4, lastsMs: 7_000 });
    expect(play({ policy, meanMs: 1e12 })).toMatchObject({ kind: 'failed', attempts: 4, lastsMs: 4 * 5_000 + 7_000 });
  });

  it('counts attempts and failures on from the earlier ones', () => {
    expect(play({ policy, meanMs: 0, failureRate: 1, earlierAttempts: 2, earlier: { failures: 2 } })).toMatchObject({
      kind: 'failed',
      attempts: 4,
      failures: 4,
      lastsMs: 4_000,
    });
  });

  it('releases its slot for a long wait', () => {
    const patient = { ...policy, retryDelayMs: 300_000, maxDelayMs: 300_000 };
    expect(play({ policy: patient, meanMs: 0, failureRate: 1 })).toMatchObject({
      kind: 'retryLater',
      attempts: 1,
      failures: 1,
      waitMs: 300_000,
      lastsMs: 0,
    });
  });

  it('fails at the requested rate', () => {
    let failed = 0;
    for (let seed = 0; seed < 4_000; seed++)
      if (play({ seed, failureRate: 0.25, policy: { ...policy, maxRetries: 0 }, meanMs: 1 }).kind === 'failed') failed++;
    expect(Math.abs(failed / 4_000 - 0.25)).toBeLessThan(0.03);
  });
});
