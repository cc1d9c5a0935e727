import { describe, expect, it } from 'vitest';
import { InFlight } from '../../src/ui/in-flight.ts';
import { gate } from '../support/stages.ts';

describe('requests in progress', () => {
  it('are waited for, including those that start meanwhile and those that fail', async () => {
    const inFlight = new InFlight();
    const [first, second] = [gate(), gate()];
    const done: string[] = [];
    const one = inFlight.track(
      first.opened.then(() => {
        done.push('first');
        void inFlight.track(second.opened.then(() => void done.push('second')));
        throw new Error('failed');
      }),
    );
    const settled = inFlight.settled(60_000).then((all) => done.push(`settled ${all}`));
    first.open();
    await expect(one).rejects.toThrow('failed');
    second.open();
    await settled;
    expect(done).toEqual(['first', 'second', 'settled true']);
  });

  it('are waited for up to the limit', async () => {
    const inFlight = new InFlight();
    const held = gate();
    const going = inFlight.track(held.opened);
    expect(await inFlight.settled(1)).toBe(false);
    held.open();
    await going;
    expect(await inFlight.settled(1)).toBe(true);
  });
});
