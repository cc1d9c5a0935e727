import { expect, it } from 'vitest';
import { catchUpWindow } from '../../src/activities/stages/collect/collect-plan.ts';

const DAY = 86_400_000;
const window = { from: 100 * DAY, to: 107 * DAY };

it('a run collects its own window when each source was last read inside that window, or never', () => {
  expect(catchUpWindow(window, [])).toEqual({ window, hole: null });
  expect(catchUpWindow(window, [106 * DAY, 100 * DAY])).toEqual({ window, hole: null });
});

it('after a pause longer than the window, a run collects from the last look on', () => {
  expect(catchUpWindow(window, [106 * DAY, 96 * DAY])).toEqual({ window: { from: 96 * DAY, to: 107 * DAY }, hole: null });
});

it('a run names the range that it cannot catch up with because it lies too far back', () => {
  expect(catchUpWindow(window, [80 * DAY])).toEqual({ window: { from: 93 * DAY, to: 107 * DAY }, hole: { from: 80 * DAY, to: 93 * DAY } });
  expect(catchUpWindow(window, [96 * DAY], 0)).toEqual({ window, hole: { from: 96 * DAY, to: 100 * DAY } });
});
