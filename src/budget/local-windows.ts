import { EMPTY_WINDOW, grantTokens, pauseWindow, type WindowState } from './sliding-window.ts';
import type { WindowStore } from './token-pool.ts';

/** Windows in the memory of this process, for the command line's searches and for tests. */
export function createLocalWindows(now: () => number = Date.now): WindowStore {
  const windows = new Map<string, WindowState>();
  const stateOf = (name: string): WindowState => windows.get(name) ?? EMPTY_WINDOW;
  return {
    async take(name, limit, want, reserve) {
      const { state, ...grant } = grantTokens(stateOf(name), { limit, want, reserve, now: now() });
      windows.set(name, state);
      return grant;
    },
    async pause(name, waitMs) {
      windows.set(name, pauseWindow(stateOf(name), now() + waitMs));
    },
  };
}
