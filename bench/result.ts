/** One measured figure, beside what it is compared with in the same run on the same machine. */
export interface BenchResult {
  /** What was done, with its size: `candles of 1M ticks, 1h + 4h + 1d`. */
  readonly name: string;
  /** `ms`, `rows/s`, `MB` … */
  readonly unit: string;
  /** Which direction is better. */
  readonly better: 'lower' | 'higher';
  /** Median of the runs. */
  readonly ours: number;
  readonly baseline?: { readonly name: string; readonly value: number };
  /** Number of runs behind the median, sizes, and remarks. */
  readonly note?: string;
}

/** Options of a call of the benches. */
export interface BenchOptions {
  /** Whether to print where the CPU goes. */
  readonly profile: boolean;
  /** Whether rows that take a minute are left out. */
  readonly brief: boolean;
  /** Turns of each contestant, of which the median counts. */
  readonly turns: number;
  /** Words of which a row's name must hold one. @default all rows */
  readonly rows: readonly string[];
  /** Prints a result while the bench is still running. */
  print(result: BenchResult): void;
}

/** What each `bench/*.bench.ts` exports; `run` starts and ends what it needs. */
export interface BenchModule {
  run(options: BenchOptions): Promise<readonly BenchResult[]>;
}

/** How many times better ours is than the baseline; above 1 is better whatever the unit. Null without a baseline. */
export function ratioOf({ ours, baseline, better }: BenchResult): number | null {
  if (baseline === undefined) return null;
  return better === 'lower' ? baseline.value / ours : ours / baseline.value;
}
