import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attemptPieces } from '../../src/report/run/time/path-times.ts';

const span = (to: number, task: { status: 'success' | 'failed' | 'running' | 'pending'; attempts: number }) => ({
  taskId: 'AAA/collect',
  from: 0,
  to,
  task,
});

describe('the attempts of a task in the time chart', () => {
  it('are drawn one by one, with the times between them', () => {
    const failed = [
      { attempt: 1, from: 0, to: 10, next: 30, error: 'RateLimited' },
      { attempt: 2, from: 30, to: 35, next: 50, error: 'SourceUnavailable' },
    ];
    const pieces = attemptPieces(span(80, { status: 'success', attempts: 3 }), failed);
    expect(pieces.map(({ kind, from, to }) => [kind, from, to])).toEqual([
      ['failed', 0, 10],
      ['between', 10, 30],
      ['failed', 30, 35],
      ['between', 35, 50],
      ['last', 50, 80],
    ]);
    expect(pieces.map(({ about }) => about.slice('AAA/collect: '.length))).toEqual([
      'attempt 1 failed, RateLimited',
      'waiting for attempt 2',
      'attempt 2 failed, SourceUnavailable',
      'waiting for attempt 3',
      'attempt 3, success',
    ]);
  });

  it('are drawn as one bar before the last known attempts, and not drawn when none are known', () => {
    const last = [{ attempt: 90, from: 900, to: 905, next: null, error: 'RateLimited' }];
    const pieces = attemptPieces(span(905, { status: 'failed', attempts: 90 }), last);
    expect(pieces.map(({ kind, about }) => `${kind} ${about}`)).toEqual([
      'between AAA/collect: attempts 1 to 89',
      'failed AAA/collect: attempt 90 failed, RateLimited',
    ]);
    expect(attemptPieces(span(905, { status: 'success', attempts: 4 }), [])).toEqual([]);
  });

  it('are those inside the time span of the task, its first and last moment included', () => {
    const kinds = (from: number, to: number) =>
      attemptPieces({ ...span(200, { status: 'failed', attempts: 1 }), from: 100 }, [{ attempt: 1, from, to, next: null, error: 'E' }]).map(
        ({ kind }) => kind,
      );
    expect([kinds(40, 99), kinds(201, 210)]).toEqual([[], []]);
    expect([kinds(90, 100), kinds(200, 210)]).toEqual([['failed'], ['between', 'failed']]);
  });

  it('fill the time span of the task without gaps or overlaps, however many are known', () => {
    const attempt = fc.record({ wait: fc.nat(50), took: fc.nat(50), next: fc.option(fc.nat(80), { nil: null }) });
    const statuses = fc.constantFrom('success' as const, 'failed' as const, 'running' as const, 'pending' as const);
    fc.assert(
      fc.property(fc.array(attempt, { minLength: 1, maxLength: 6 }), statuses, fc.nat(200), fc.nat(3), (noted, status, rest, unknown) => {
        let at = 0;
        const failed = noted.map(({ wait, took, next }, i) => {
          const from = at + wait;
          at = from + took;
          return { attempt: i + 1 + unknown, from, to: at, next: next === null ? null : at + next, error: 'E' };
        });
        const to = at + rest;
        const pieces = attemptPieces(span(to, { status, attempts: failed.length + unknown + (status === 'failed' ? 0 : 1) }), failed);
        let end = 0;
        for (const piece of pieces) {
          expect(piece.from).toBe(end);
          expect(piece.to).toBeGreaterThanOrEqual(piece.from);
          end = piece.to;
        }
        expect(end).toBeLessThanOrEqual(to);
        if (status === 'success' || status === 'running') expect(end).toBe(to);
        expect(pieces.filter(({ kind }) => kind === 'failed')).toHaveLength(noted.length);
      }),
    );
  });
});
