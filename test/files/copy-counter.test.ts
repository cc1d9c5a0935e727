import { expect, it } from 'vitest';
import { CopyCounter } from '../../src/files/read/copy-counter.ts';
import { contentIdentity } from '../../src/market/identity.ts';

it('a counter numbers copies within a timestamp while times only rise or only fall, and requests the earlier rows at the first other time', () => {
  const [a, b] = ['a', 'b'].map((content) => contentIdentity([content]));
  for (const sign of [1, -1]) {
    const counter = new CopyCounter();
    const counted = [
      [1, a],
      [1, b],
      [1, a],
      [2, a],
      [3, b],
      [3, b],
    ].map(([time, hash]) => counter.next(sign * (time as number), hash as string));
    expect(counted).toEqual([0, 0, 1, 0, 0, 1]);
    expect(counter.next(sign * 2, a)).toBe('replay');
    for (const hash of [a, b, a, a, b, b]) counter.replay(hash);
    expect([counter.next(sign * 2, a), counter.next(sign * 9, b)]).toEqual([3, 3]);
  }
});
