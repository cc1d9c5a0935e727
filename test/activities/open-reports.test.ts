import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OpenReports } from '../../src/activities/report/open-reports.ts';
import { silent } from '../silent.ts';

/** Pages that take so long each, and what was written when: seconds and run. */
function scripted({ takesMs, open = () => true }: { takesMs: number; open?: (run: string) => boolean }) {
  const written: [second: number, run: string][] = [];
  const begun = Date.now();
  let atOnce = 0;
  let most = 0;
  const reports = new OpenReports({
    log: silent,
    write: async (run) => {
      written.push([Math.floor((Date.now() - begun) / 1000), run]);
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setTimeout(resolve, takesMs));
      atOnce -= 1;
      return open(run);
    },
  });
  return { reports, written, most: () => most };
}

describe('the pages of open runs', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('are written a second after a task’s end and every five at most, the last end included, and not where nothing ended', async () => {
    const { reports, written } = scripted({ takesMs: 0 });
    for (let tenth = 0; tenth < 80; tenth++) {
      reports.taskEnded('a');
      await vi.advanceTimersByTimeAsync(100);
    }
    await vi.advanceTimersByTimeAsync(60_000);
    expect(written).toEqual([
      [1, 'a'],
      [6, 'a'],
      [11, 'a'],
    ]);
    reports.taskEnded('a');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(written).toHaveLength(4);
  });

  it('are written one at a time and take 2 % of the time, however many runs are open', async () => {
    const { reports, written, most } = scripted({ takesMs: 100 });
    for (let second = 0; second < 100; second++) {
      for (let run = 0; run < 50; run++) reports.taskEnded(`run-${run}`);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(most()).toBe(1);
    expect(written.length).toBeGreaterThan(10);
    expect(written.length * 100).toBeLessThanOrEqual(0.02 * 100_000 + 100);
    await Promise.all([reports.close(), vi.advanceTimersByTimeAsync(1_000)]);
  });

  it('are not written any more once the run has ended, nor once the worker closes, which waits for the one under way', async () => {
    const { reports, written } = scripted({ takesMs: 100, open: (run) => run !== 'over' });
    reports.taskEnded('over');
    await vi.advanceTimersByTimeAsync(30_000);
    expect(written).toHaveLength(1);
    reports.taskEnded('open');
    await vi.advanceTimersByTimeAsync(1_050);
    let closed = false;
    const closing = reports.close().then(() => (closed = true));
    expect(closed).toBe(false);
    reports.taskEnded('open');
    await vi.advanceTimersByTimeAsync(30_000);
    await closing;
    expect(written).toHaveLength(2);
  });
});
