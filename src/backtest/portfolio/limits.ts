/** What one account may put where, as shares of its equity at the moment of an entry. */
export interface PortfolioLimits {
  /** Most that an entry puts into one market. @default 0.1 */
  readonly perMarket: number;
  /** Most that lies in all markets together, after the entry; what waits for its settlement lies there, too. @default 1 */
  readonly total: number;
}

/** Ten markets fill the account. */
export const DEFAULT_LIMITS: PortfolioLimits = { perMarket: 0.1, total: 1 };

/** Says what is wrong with the limits, one sentence each. */
export function limitProblems({ perMarket, total }: PortfolioLimits): string[] {
  const problems: string[] = [];
  if (!(perMarket > 0 && perMarket <= 1)) problems.push(`the limit of one market must be a share in (0, 1], got ${perMarket}`);
  if (!(total > 0 && total <= 1)) problems.push(`the limit of all markets must be a share in (0, 1], got ${total}`);
  return problems;
}
