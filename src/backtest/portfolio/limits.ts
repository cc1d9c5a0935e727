/** Limits on the money in markets, as shares of the account's equity at the time of an entry. */
export interface PortfolioLimits {
  /** Largest share that an entry puts into one market. @default 0.1 */
  readonly perMarket: number;
  /** Largest share in all markets together after an entry, including positions that wait for settlement. @default 1 */
  readonly total: number;
}

/** Default limits of a portfolio: ten full positions use the whole account. */
export const DEFAULT_LIMITS: PortfolioLimits = { perMarket: 0.1, total: 1 };

/** Problems with a portfolio's limits, one sentence each; empty if there are none. */
export function limitProblems({ perMarket, total }: PortfolioLimits): string[] {
  const problems: string[] = [];
  if (!(perMarket > 0 && perMarket <= 1)) problems.push(`the limit of one market must be a share in (0, 1], got ${perMarket}`);
  if (!(total > 0 && total <= 1)) problems.push(`the limit of all markets must be a share in (0, 1], got ${total}`);
  return problems;
}
