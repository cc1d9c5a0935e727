import { describe, expect, it } from 'vitest';
import { html } from '../../src/report/elements/html.ts';
import { LivePage } from '../../src/ui/live/live-page.ts';
import { silent } from '../support/silent.ts';
import { gate } from '../support/stages.ts';

/** A page that has the next of these states at each look; an error is thrown. */
function scripted(states: readonly (string | Error)[], options: { readonly askedWithinMs?: number } = {}) {
  let looks = 0;
  const idle = gate();
  const page = new LivePage({
    log: silent,
    pauseMs: 1,
    share: 1,
    ...options,
    onIdle: idle.open,
    look: async () => {
      const state = states[Math.min(looks++, states.length - 1)];
      if (state instanceof Error) throw state;
      return { parts: { head: html`${state}`, constant: html`same` }, ended: state === 'ended' };
    },
  });
  return { page, looks: () => looks, idle: idle.opened };
}

describe('a live page', () => {
  it('sends each reader the whole page first, and then what has changed since the reader’s last request', async () => {
    const { page } = scripted(['one', 'one', 'two']);
    await expect.poll(() => page.changesSince(0).patches).toContainEqual({ part: 'head', html: 'two' });
    const whole = page.changesSince(0);
    expect(whole.patches).toEqual([
      { part: 'constant', html: 'same' },
      { part: 'head', html: 'two' },
    ]);
    expect(page.changesSince(whole.revision)).toEqual({ patches: [], revision: whole.revision, ended: false, still: false });
    expect(page.changesSince(whole.revision - 1).patches).toEqual([{ part: 'head', html: 'two' }]);
    page.close();
  });

  it('sends the whole page to a reader of an earlier page at the same address', async () => {
    const first = scripted(['one']);
    await expect.poll(() => first.page.changesSince(0).patches).toHaveLength(2);
    const { revision } = first.page.changesSince(0);
    first.page.close();
    await new Promise((resolve) => setTimeout(resolve, 5));
    const later = scripted(['one']);
    await expect.poll(() => later.page.changesSince(revision).patches).toHaveLength(2);
    later.page.close();
  });

  it('is read again soon when reading costs the run little, however long it takes on this machine', async () => {
    const states = ['one', 'two', 'ended'];
    const idle = gate();
    const look = async () => ({ parts: { head: html`${states[0]}` }, ended: states.shift() === 'ended' });
    const page = new LivePage({ log: silent, pauseMs: 1, maxPauseMs: 1, share: 1e-9, onIdle: idle.open, look });
    await idle.opened;
    expect(page.changesSince(0).patches).toEqual([{ part: 'head', html: 'two' }]);
  });

  it('is no longer read when it has ended or no reader has requested it for a while', async () => {
    const left = scripted(['one'], { askedWithinMs: 20 });
    await left.idle;
    const then = left.looks();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(left.looks()).toBe(then);
    const over = scripted(['one', 'ended']);
    await over.idle;
    expect(over.looks()).toBe(2);
  });

  it('reports that it cannot be read until it can be read again', async () => {
    const { page } = scripted(['one', new Error('away'), 'two']);
    await expect.poll(() => page.changesSince(0).still).toBe(true);
    expect(page.changesSince(0).patches).toContainEqual({ part: 'head', html: 'one' });
    await expect.poll(() => page.changesSince(0).still, { timeout: 10_000 }).toBe(false);
    expect(page.changesSince(0).patches).toContainEqual({ part: 'head', html: 'two' });
    page.close();
  }, 15_000);

  it('is no longer read once it is closed, and a reading that then fails is not logged', async () => {
    const [held, idle] = [gate(), gate()];
    const lines: string[] = [];
    let looks = 0;
    const page = new LivePage({
      log: { ...silent, warn: (line) => void lines.push(line) },
      onIdle: idle.open,
      look: async () => {
        looks++;
        await held.opened;
        throw new Error('Cannot use a pool after calling end on the pool');
      },
    });
    page.close();
    held.open();
    await idle.opened;
    expect({ looks, lines }).toEqual({ looks: 1, lines: [] });
  });
});
