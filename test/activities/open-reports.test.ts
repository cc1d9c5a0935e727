import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { OpenReports, type Timers } from '../../src/activities/report/open-reports.ts';
import { silent } from '../support/silent.ts';

/** A clock that only the test advances. */
class Hand implements Timers {
  #now = 0;
  #due: { at: number; work: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  later(ms: number, work: () => void): () => void {
    const one = { at: this.#now + ms, work };
    this.#due.push(one);
    return () => void (this.#due = this.#due.filter((other) => other !== one));
  }

  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const [first] = this.#due.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
      if (first === undefined) break;
      this.#due = this.#due.filter((one) => one !== first);
      this.#now = first.at;
      first.work();
      await setImmediate();
    }
    this.#now = end;
  }
}

/** Report pages that each take `takesMs` to write, and a record of what was written: second and run. */
function scripted({ takesMs, open = () => true }: { takesMs: number; open?: (run: string, time: number) => boolean }) {
  const written: [second: number, run: string][] = [];
  const clock = new Hand();
  let atOnce = 0;
  let most = 0;
  const reports = new OpenReports({
    log: silent,
    timers: clock,
    write: async (run) => {
      written.push([Math.floor(clock.now() / 1000), run]);
      most = Math.max(most, ++atOnce);
      if (takesMs > 0) await new Promise<void>((resolve) => void clock.later(takesMs, resolve));
      atOnce -= 1;
      return open(run, written.length);
    },
  });
  return { reports, clock, written, most: () => most };
}

describe('the report pages of open runs', () => {
  it('are written a second after a task ended, at most every five seconds, also after the last task, and never while no task ends', async () => {
    const { reports, clock, written } = scripted({ takesMs: 0 });
    for (let tenth = 0; tenth < 80; tenth++) {
      reports.taskEnded('a');
      await clock.advance(100);
    }
    await clock.advance(60_000);
    expect(written).toEqual([
      [1, 'a'],
      [6, 'a'],
      [11, 'a'],
    ]);
    reports.taskEnded('a');
    await clock.advance(1_000);
    expect(written).toHaveLength(4);
  });

  it('are written one at a time and use at most 2 % of the time, however many runs are open', async () => {
    const { reports, clock, written, most } = scripted({ takesMs: 100 });
    for (let second = 0; second < 100; second++) {
      for (let run = 0; run < 50; run++) reports.taskEnded(`run-${run}`);
      await clock.advance(1_000);
    }
    expect(most()).toBe(1);
    expect(written.length).toBeGreaterThan(10);
    expect(written.length * 100).toBeLessThanOrEqual(0.02 * 100_000 + 100);
    await Promise.all([reports.close(), clock.advance(1_000)]);
  });

  it('are written again at most 20 s after a slow write, which a busy machine or a run that did not answer may have caused', async () => {
    const { reports, clock, written } = scripted({ takesMs: 10_000 });
    for (let second = 0; second < 100; second++) {
      reports.taskEnded('a');
      await clock.advance(1_000);
    }
    expect(written.map(([second]) => second)).toEqual([1, 31, 61, 91]);
    await Promise.all([reports.close(), clock.advance(20_000)]);
  });

  it('are tried up to three times when they cannot be written, even if no further task ends', async () => {
    const failing = (times: number) =>
      scripted({
        takesMs: 0,
        open: (_, time) => {
          if (time <= times) throw new Error('no answer');
          return true;
        },
      });
    for (const [times, tries] of [
      [1, 2],
      [2, 3],
      [9, 3],
    ]) {
      const { reports, clock, written } = failing(times);
      reports.taskEnded('a');
      await clock.advance(120_000);
      expect(written).toHaveLength(tries);
    }
  });

  it('are no longer written after their run has ended or the worker has closed; closing waits for a write in progress', async () => {
    const { reports, clock, written } = scripted({ takesMs: 100, open: (run) => run !== 'over' });
    reports.taskEnded('over');
    await clock.advance(30_000);
    expect(written).toHaveLength(1);
    reports.taskEnded('open');
    await clock.advance(1_050);
    let closed = false;
    const closing = reports.close().then(() => (closed = true));
    expect(closed).toBe(false);
    reports.taskEnded('open');
    await clock.advance(30_000);
    await closing;
    expect(written).toHaveLength(2);
  });
});
