import type { TickColumnNames } from '../contracts/catalogue.ts';

type Role = 'time' | 'price' | 'size' | 'side' | 'outcome' | 'tradeId';

/** Header names of each role, likeliest first. Shares come before amounts, which are often money. */
const KNOWN_NAMES: Readonly<Record<Role, readonly string[]>> = {
  time: ['time', 'timestamp', 'datetime', 'date', 'created_at', 'block_time', 'ts', 't'],
  price: ['price', 'px', 'probability', 'p'],
  size: ['size', 'shares', 'quantity', 'qty', 'volume', 'amount'],
  side: ['side', 'type', 'action'],
  outcome: ['outcome', 'token', 'contract'],
  tradeId: ['trade_id', 'tradeid'],
};

/** Guesses the role of a CSV's columns by name; a role without a column is absent. */
export function guessColumns(header: readonly string[]): Partial<TickColumnNames> {
  const byKey = new Map(
    header.map((name) => [
      name
        .trim()
        .toLowerCase()
        .replaceAll(/[\s-]+/g, '_'),
      name.trim(),
    ]),
  );
  const guess: Partial<Record<Role, string>> = {};
  for (const [role, names] of Object.entries(KNOWN_NAMES) as [Role, readonly string[]][]) {
    const key = names.find((name) => byKey.has(name));
    if (key !== undefined) guess[role] = byKey.get(key);
  }
  return guess;
}
