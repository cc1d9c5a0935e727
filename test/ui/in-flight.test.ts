import { describe, expect, it } from 'vitest';
import { InFlight } from '../../src/ui/in-flight.ts';
import { gate } from '../support/stages.ts';

describe('what is under way', () => {
  it('is waited for, also what begins meanwhile and what fails', async () => {
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

  it('is waited for no longer than told', async () => {
    const inFlight = new InFlight();
    const held = gate();
    const going = inFlight.track(held.opened);
    expect(await inFlight.settled(1)).toBe(false);
    held.open();
    await going;
    expect(await inFlight.settled(1)).toBe(true);
  });
});
