import { type ResearchTrial, returnOverHold, strongMetric } from './research-data.ts';

export interface GridCell {
  readonly trial: ResearchTrial;
  readonly value: number | null;
}

/** Trials of a strategy by two of its parameters. */
export interface ParamGrid {
  readonly across: { readonly name: string; readonly values: readonly number[] };
  /** The parameter of the rows; `values` is `[0]` and `name` is empty if only one parameter was varied. */
  readonly down: { readonly name: string; readonly values: readonly number[] };
  /** Cells by row (values of `down`), then by column (values of `across`); null if there is no such trial. */
  readonly cells: readonly (readonly (GridCell | null)[])[];
  readonly metric: 'sharpe' | 'return over holding';
  readonly best: ResearchTrial | null;
  /** The trials around the best one that are nearly as good. */
  readonly plateau: ReadonlySet<ResearchTrial>;
  /** Mean value of the best trial's neighbours; like the `median` of all trials, null if there are too few. */
  readonly neighbours: number | null;
  readonly median: number | null;
  /** Whether the best trial's neighbours are also good; null if there are too few to judge. */
  readonly isPlateau: boolean | null;
}

/** Maximum distance of a plateau's trial below the best value, as a share of the distance between the median and the best. */
const PLATEAU_SHARE = 0.25;
/** Minimum number of known values for which a grid shows a plateau or a peak. */
const MIN_VALUES = 6;

/** Arranges trials by the two numeric parameters with the most values; others are as in the best trial. Undefined if none was varied. */
export const paramGrid = (trials: readonly ResearchTrial[]): ParamGrid | undefined => {
  const metric = trials.some((trial) => strongMetric(trial, 'sharpe') !== null) ? 'sharpe' : 'return over holding';
  const valueOf = (trial: ResearchTrial): number | null => {
    if (metric === 'sharpe') return strongMetric(trial, 'sharpe');
    // a trial that never traded beats holding in every market that fell, which says nothing about its parameters
    return trial.metrics['trades'] === 0 ? null : returnOverHold(trial);
  };
  const varied = Object.entries(valuesByParam(trials))
    .filter(([, values]) => values.length > 1)
    .sort(([, a], [, b]) => b.length - a.length);
  const [across, down] = varied.slice(0, 2).map(([name, values]) => ({ name, values }));
  if (across === undefined) return undefined;
  const best = bestOf(trials, valueOf);
  const others = varied.slice(2).map(([name]) => name);
  const shown = trials.filter((trial) => others.every((name) => trial.paramValues[name] === (best ?? trials[0]).paramValues[name]));
  const rows = down ?? { name: '', values: [0] };
  const cells = rows.values.map((y) =>
    across.values.map((x): GridCell | null => {
      const trial = shown.find((one) => one.paramValues[across.name] === x && (down === undefined || one.paramValues[down.name] === y));
      return trial === undefined ? null : { trial, value: valueOf(trial) };
    }),
  );
  return { across, down: rows, cells, metric, best, ...shapeOf(cells, best) };
};

const valuesByParam = (trials: readonly ResearchTrial[]): Record<string, number[]> => {
  const found: Record<string, Set<number>> = {};
  for (const { paramValues } of trials)
    for (const [name, value] of Object.entries(paramValues)) if (typeof value === 'number') (found[name] ??= new Set()).add(value);
  return Object.fromEntries(Object.entries(found).map(([name, values]) => [name, [...values].sort((a, b) => a - b)]));
};

const bestOf = (trials: readonly ResearchTrial[], valueOf: (trial: ResearchTrial) => number | null): ResearchTrial | null =>
  trials.reduce<ResearchTrial | null>((best, trial) => {
    const value = valueOf(trial);
    return value !== null && (best === null || value > (valueOf(best) ?? 0)) ? trial : best;
  }, null);

type Shape = Pick<ParamGrid, 'plateau' | 'neighbours' | 'median' | 'isPlateau'>;

const shapeOf = (cells: ParamGrid['cells'], best: ResearchTrial | null): Shape => {
  const known = cells.flatMap((row, y) =>
    row.flatMap((cell, x) => (cell === null || cell.value === null ? [] : [{ ...cell, value: cell.value, x, y }])),
  );
  const start = known.find(({ trial }) => trial === best);
  if (start === undefined || known.length < MIN_VALUES)
    return { plateau: new Set(start === undefined ? [] : [start.trial]), neighbours: null, median: null, isPlateau: null };
  const sorted = known.map(({ value }) => value).sort((a, b) => a - b);
  const median = (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
  const around = known.filter(({ x, y }) => Math.max(Math.abs(x - start.x), Math.abs(y - start.y)) === 1).map(({ value }) => value);
  const neighbours = around.length === 0 ? null : around.reduce((sum, value) => sum + value, 0) / around.length;
  const least = start.value - PLATEAU_SHARE * (start.value - median);
  const plateau = new Set([start.trial]);
  for (const open = [start]; open.length > 0; ) {
    const at = open.pop() as typeof start;
    for (const next of known) {
      const isBeside = Math.abs(next.x - at.x) + Math.abs(next.y - at.y) === 1;
      if (!isBeside || next.value < least || plateau.has(next.trial)) continue;
      plateau.add(next.trial);
      open.push(next);
    }
  }
  return { plateau, neighbours, median, isPlateau: neighbours === null ? null : neighbours - median >= (start.value - median) / 2 };
};
