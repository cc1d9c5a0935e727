/**
 * Mutants that nobody can tell from the original by what it does, each with the reason. They are left out of the score.
 * `code` and `becomes` are as `npm run mutate` prints them.
 */
export const EQUIVALENT = [
  {
    file: 'market/candles/build-candles.ts',
    code: 's < firstSequenceSeen',
    becomes: 's <= firstSequenceSeen',
    because: 'no two ticks have the same sequence',
  },
  {
    file: 'market/candles/volume-sums.ts',
    code: 'units < MAX_UNITS && units / scale === value',
    becomes: 'units < MAX_UNITS || units / scale === value',
    because: 'of fewer decimals than fit, more ticks take the slower way, which is exact too',
  },
  {
    file: 'market/candles/volume-sums.ts',
    code: 'price * priceScale',
    becomes: 'price / priceScale',
    because: 'units that do not give the price again take the slower way, which is exact too',
  },
  {
    file: 'market/candles/volume-sums.ts',
    code: 'buyVolume >= LIMB',
    becomes: 'buyVolume > LIMB',
    because: 'a low part of exactly LIMB is carried one addition later: the total is the same',
  },
  {
    file: 'market/decimal.ts',
    code: 'decimals >= 0',
    becomes: 'decimals > 0',
    because: 'no decimals are the same units times 10^0',
  },
  {
    file: 'market/candles/exact-sums.ts',
    code: 'high >= LIMB',
    becomes: 'high > LIMB',
    because: 'a high part of exactly LIMB goes to the rest one addition later: the total is the same',
  },
  {
    file: 'market/candles/volume-sums.ts',
    code: 'column.length / SAMPLE',
    becomes: 'column.length * SAMPLE',
    because: 'the decimals that a smaller sample suggests are slower, no less exact',
  },
  {
    file: 'market/candles/volume-sums.ts',
    code: 'product < LIMB',
    becomes: 'product <= LIMB',
    because: 'a product of exactly LIMB is carried by the line after',
  },
  {
    file: 'market/rules/off-grid.ts',
    code: 'Math.abs(steps - Math.round(steps)) > ROUNDING',
    becomes: 'Math.abs(steps - Math.round(steps)) >= ROUNDING',
    because: 'no price is off its grid by exactly the allowance for rounding',
  },
  {
    file: 'input/input-problems.ts',
    code: "typeof retryDelay !== 'string' || typeof maxDelay !== 'string'",
    becomes: "typeof retryDelay !== 'string' && typeof maxDelay !== 'string'",
    because: 'what is no text is no duration either, and no duration is shorter than another',
  },
  {
    file: 'scheduling/run/run-state.ts',
    code: '-1',
    becomes: '1',
    because: 'who skips a task names the root: what stood there before is compared with itself at most',
  },
  {
    file: 'scheduling/graph/graph.ts',
    code: 'order.length < tasks.length',
    becomes: 'order.length <= tasks.length',
    because: 'where every task has its place no cycle is found',
  },
  {
    file: 'scheduling/run/reducer.ts',
    code: 'task < state.graph.size',
    becomes: 'task <= state.graph.size',
    because: 'a task beyond the last has no status, so it is passed over',
  },
  {
    file: 'scheduling/rehearse/rehearsed-task.ts',
    code: 'drawn(seed, attempts, 3) >= failureRate',
    becomes: 'drawn(seed, attempts, 3) > failureRate',
    because: 'a draw of 32 bits that is exactly the rate does not come up',
  },
  {
    file: 'scheduling/carry/dehydrate-counts.ts',
    code: 'task < state.graph.size',
    becomes: 'task <= state.graph.size',
    because: 'a number beyond the last task goes nowhere: the counts are of as many as there are tasks',
  },
  {
    file: 'scheduling/run/run-state.ts',
    code: 'task < graph.size',
    becomes: 'task <= graph.size',
    because: 'a task beyond the last has no status to be counted, and no place to wait in',
  },
  {
    file: 'scheduling/run/reducer.ts',
    code: 'state.counts[PENDING] + state.counts[RUNNING]',
    becomes: 'state.counts[PENDING] - state.counts[RUNNING]',
    because: 'without an open lane, which is asked next, nothing runs',
  },
  {
    file: 'scheduling/rehearse/rehearsed-task.ts',
    code: 'task.at + lastsMs',
    becomes: 'task.at - lastsMs',
    because: 'only storage that is away is asked when it failed, and no rehearsed fault is that',
  },
  {
    file: 'scheduling/carry/dehydrate-roots.ts',
    code: '-1',
    becomes: '1',
    because: 'what is skipped has a dependency that failed or was skipped, or a critical failure closes the run',
  },
  {
    file: 'backtest/engine/trading/resting-orders.ts',
    code: 'side * (open - this.stop)',
    becomes: 'side / (open - this.stop)',
    because: 'a bar that opens at the stop itself meets it between open and close, at the same price',
  },
  {
    file: 'scheduling/graph/graph-tasks.ts',
    code: 'from * tasks.length + to',
    becomes: 'from * tasks.length - to',
    because: 'no two pairs of tasks have the same difference either',
  },
  {
    file: 'scheduling/rehearse/rehearse.ts',
    code: 'symbol < 0',
    becomes: 'symbol <= 0',
    because: 'more slots than lanes change nothing: the search for the best number only begins higher',
  },
  {
    file: 'market/candles/exact-sums.ts',
    code: 'k < order.length',
    becomes: 'k <= order.length',
    because: 'a typed array takes nothing beyond its end, and no bucket without a number has a rest',
  },
  {
    file: 'market/candles/volume-sums.ts',
    code: 'fit++',
    becomes: 'fit--',
    because: 'sums at no decimals are slower, no less exact',
  },
  {
    file: 'market/decimal.ts',
    code: 'exponentAt < 0',
    becomes: 'exponentAt <= 0',
    because: 'no number is written with nothing before its exponent',
  },
  {
    file: 'backtest/engine/trading/resting-orders.ts',
    code: 'side * (open - this.stop) <= 0',
    becomes: 'side * (open - this.stop) < 0',
    because: 'a bar that opens at the stop itself meets it between open and close, at the same price',
  },
  {
    file: 'backtest/indicators/rsi.ts',
    code: 'i < n',
    becomes: 'i <= n',
    because: 'a typed array takes nothing beyond its end',
  },
  {
    file: 'scheduling/graph/edges.ts',
    code: 'edge < from.length',
    becomes: 'edge <= from.length',
    because: 'an edge beyond the last has no task, and no place that a typed array would take',
  },
];
