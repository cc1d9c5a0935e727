import { decodeWalkCurves, decodeWalkForward } from '../../../backtest/record/walk-forward-columns.ts';
import type { Interval } from '../../../contracts/words.ts';
import type { WalkForwardSection } from '../../../report/symbol/symbol-data.ts';
import { type WalkForwardHead, walkForwardCurves } from '../../../storage/backtests/walk-forwards.ts';
import type { Queryable } from '../../../storage/database/database.ts';

/** An instrument's walk-forwards; drawn is that of the interval, or the first one with windows. */
export async function loadWalkForwards(
  queryable: Queryable,
  heads: readonly WalkForwardHead[],
  interval: Interval | undefined,
): Promise<readonly WalkForwardSection[]> {
  const all = heads.map((head) => ({ head, stored: decodeWalkForward(head.result) }));
  const withWindows = all.filter(({ stored }) => stored.windows.length > 0);
  const drawn = withWindows.find(({ head }) => head.interval === interval) ?? withWindows[0];
  const curves = drawn === undefined ? undefined : await walkForwardCurves(queryable, drawn.head.id);
  return all.map(({ head, stored }) => ({
    ...stored,
    interval: head.interval,
    curves: head === drawn?.head && curves !== undefined ? decodeWalkCurves(curves) : null,
  }));
}
