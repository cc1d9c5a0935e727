import { describe, expect, it } from 'vitest';
import { healthAnswer } from '../../src/telemetry/health-answer.ts';

const unasked = () => {
  throw new Error('was asked');
};

describe('the answers of the health port', () => {
  it('state that the process lives while its event loop stood still for less than a minute', async () => {
    const answer = async (ms: number) => await healthAnswer('/healthz', { stuckMs: () => ms, notReady: unasked });
    expect(await answer(0)).toEqual({ status: 200, body: { status: 'ok' } });
    expect(await answer(59_999)).toEqual({ status: 200, body: { status: 'ok' } });
    const reason = "the worker's event loop has not run for 60 s";
    expect(await answer(60_000)).toEqual({ status: 503, body: { status: 'stuck', reason } });
  });

  it('give the reason why the worker is not ready', async () => {
    const answer = async (reason: string | null) => await healthAnswer('/readyz', { stuckMs: unasked, notReady: async () => reason });
    expect(await answer(null)).toEqual({ status: 200, body: { status: 'ready' } });
    expect(await answer('no database')).toEqual({ status: 503, body: { status: 'not ready', reason: 'no database' } });
  });

  it('name the two paths to a request for another', async () => {
    for (const url of ['/', '/healthz/', undefined])
      expect(await healthAnswer(url, { stuckMs: unasked, notReady: unasked })).toEqual({
        status: 404,
        body: { error: 'use /healthz or /readyz' },
      });
  });
});
