import { describe, expect, it } from 'vitest';
import type { Watcher } from '../../src/ui/live/live-page.ts';
import { PollReaders } from '../../src/ui/live/poll-readers.ts';

/** Something that is watched, whose patches the test gives out. */
function watched() {
  const watchers = new Set<Watcher>();
  return {
    watchers,
    watch: (watcher: Watcher) => {
      watchers.add(watcher);
      watcher.patch('["whole"]');
      return () => void watchers.delete(watcher);
    },
    say: (patch: string) => {
      for (const watcher of watchers) watcher.patch(JSON.stringify([patch]));
    },
  };
}

describe('readers that poll', () => {
  it('get the present state first, then each change once, then the end, after which they stop watching', () => {
    const { watch, watchers, say } = watched();
    const readers = new PollReaders();
    expect(readers.next('a', watch)).toEqual({ patches: ['whole'], ended: false, still: false });
    expect(readers.next('a', watch)).toEqual({ patches: [], ended: false, still: false });
    say('one');
    say('two');
    expect(readers.next('b', watch)).toEqual({ patches: ['whole'], ended: false, still: false });
    expect(readers.next('a', watch)).toEqual({ patches: ['one', 'two'], ended: false, still: false });
    for (const watcher of watchers) watcher.ended();
    expect(readers.next('a', watch)).toEqual({ patches: [], ended: true, still: false });
    expect(watchers.size).toBe(1);
    readers.close();
    expect(watchers.size).toBe(0);
  });

  it('get everything again where they missed too much, and the oldest are forgotten where there are too many', () => {
    const { watch, watchers, say } = watched();
    const readers = new PollReaders();
    readers.next('a', watch);
    for (let i = 0; i < 5; i++) say('x'.repeat(1024 * 1024));
    expect(watchers.size).toBe(0);
    expect(readers.next('a', watch).patches).toEqual(['whole']);
    for (let i = 0; i < 500; i++) readers.next(`other ${i}`, watch);
    expect(watchers.size).toBe(200);
    readers.close();
  });
});
