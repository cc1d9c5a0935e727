import { describe, expect, it } from 'vitest';
import { html } from '../../src/report/elements/html.ts';
import type { Patch } from '../../src/ui/live/live-page.ts';
import { LivePage } from '../../src/ui/live/live-page.ts';
import { silent } from '../support/silent.ts';
import { gate } from '../support/stages.ts';

/** A run whose looks the test gives out one by one. */
function scripted(states: readonly (string | Error)[]) {
  let looks = 0;
  let idle = 0;
  const run = new LivePage({
    log: silent,
    pauseMs: 1,
    share: 1,
    onIdle: () => idle++,
    look: async () => {
      const state = states[Math.min(looks++, states.length - 1)];
      if (state instanceof Error) throw state;
      return { parts: { head: html`${state}` }, ended: state === 'ended' };
    },
  });
  return { run, looks: () => looks, idle: () => idle };
}

function watcher() {
  const seen: string[] = [];
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return {
    seen,
    ended,
    patch: (patches: string) => void seen.push(...(JSON.parse(patches) as Patch[]).map((patch) => patch.html)),
    end: () => end(),
  };
}

describe('a live page', () => {
  it('is read once for all watchers, each of which gets every change and the end', async () => {
    const { run, looks, idle } = scripted(['one', 'one', 'two', 'ended']);
    const watchers = Array.from({ length: 20 }, watcher);
    for (const { patch, end } of watchers) run.watch({ patch, ended: end, still: () => undefined });
    await Promise.all(watchers.map(({ ended }) => ended));
    for (const { seen } of watchers) expect(seen).toEqual(['one', 'two', 'ended']);
    expect(looks()).toBe(4);
    await expect.poll(idle).toBe(1);
  });

  it('is read again soon where a look costs the run little, however long looks take on this machine', async () => {
    const states = ['one', 'two', 'ended'];
    const run = new LivePage({
      log: silent,
      pauseMs: 1,
      maxPauseMs: 1,
      share: 1e-9,
      look: async () => ({ parts: { head: html`${states[0]}` }, ended: states.shift() === 'ended' }),
    });
    const one = watcher();
    run.watch({ patch: one.patch, ended: one.end, still: () => undefined });
    await one.ended;
    expect(one.seen).toEqual(['one', 'two', 'ended']);
  });

  it('is not read any more when the last watcher leaves', async () => {
    const { run, looks, idle } = scripted(['one']);
    const first = watcher();
    const seenOne = new Promise<void>((resolve) => {
      const leave = run.watch({
        patch: (patches) => {
          first.patch(patches);
          leave();
          resolve();
        },
        still: () => undefined,
        ended: () => undefined,
      });
    });
    await seenOne;
    const then = looks();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(looks()).toBe(then);
    expect(idle()).toBe(1);
    expect(run.watchers).toBe(0);
  });

  it('reports that it cannot be read, also to watchers that join meanwhile', async () => {
    const { run } = scripted(['one', new Error('away'), 'two', 'ended']);
    const said: (string | boolean)[] = [];
    const late: boolean[] = [];
    await new Promise<void>((resolve) => {
      run.watch({
        patch: (patches) => void said.push(...(JSON.parse(patches) as Patch[]).map((patch) => patch.html)),
        still: (isStill) => {
          said.push(isStill);
          if (isStill) run.watch({ patch: () => undefined, ended: () => undefined, still: (now) => void late.push(now) });
        },
        ended: resolve,
      });
    });
    expect(said).toEqual(['one', true, 'two', false, 'ended']);
    expect(late).toEqual([true, false]);
  }, 15_000);

  it('sends its present state to watchers that join later', async () => {
    const { run } = scripted(['one']);
    const early = watcher();
    await new Promise<void>((resolve) => {
      run.watch({ patch: (patches) => (early.patch(patches), resolve()), still: () => undefined, ended: () => undefined });
    });
    const late = watcher();
    run.watch({ patch: late.patch, ended: late.end, still: () => undefined });
    expect(late.seen).toEqual(['one']);
    run.close();
  });

  it('is not read once it is closed, also for later watchers, and a failing look is not logged', async () => {
    const held = gate();
    const lines: string[] = [];
    let looks = 0;
    const page = new LivePage({
      log: { ...silent, warn: (line) => void lines.push(line) },
      look: async () => {
        looks++;
        await held.opened;
        throw new Error('Cannot use a pool after calling end on the pool');
      },
    });
    const sent: string[] = [];
    const seeing = { patch: () => sent.push('patch'), ended: () => sent.push('ended'), still: () => sent.push('still') };
    page.watch(seeing);
    page.close();
    page.watch(seeing);
    held.open();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect({ looks, watchers: page.watchers, lines, sent }).toEqual({ looks: 1, watchers: 0, lines: [], sent: [] });
  });
});
