/** The members of a universe in one category of their venue, and how fresh and complete their trades are. */
export interface CategoryOverview {
  /** The venue's name of the category; null where it states none. */
  readonly category: string | null;
  readonly members: number;
  readonly open: number;
  /** Members whose stated volume has not moved since their last walk. */
  readonly quiet: number;
  /** Median and minimum, over the open members, of the time up to which their trades were read; null before the first reading. */
  readonly looked: number | null;
  readonly oldest: number | null;
  /** Share of the day before the listing that is covered, over all open members; null without an open member. */
  readonly covered: number | null;
}

/** A member whose price moved in the last day before the listing. */
export interface Mover {
  readonly instrument: string;
  readonly event: string;
  readonly title: string;
  /** The venue's name of its category; null where it states none. */
  readonly category: string | null;
  readonly before: number;
  readonly last: number;
  readonly volume: number | null;
}

export interface UniverseOverview {
  readonly universe: string;
  /** `asOf` of the last listing of the universe; UTC epoch milliseconds. */
  readonly listedAt: number;
  /** The largest category first. */
  readonly categories: readonly CategoryOverview[];
  /** The largest move first. */
  readonly movers: readonly Mover[];
}
