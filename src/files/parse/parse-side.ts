const SIDES: ReadonlyMap<string, 'buy' | 'sell'> = new Map([
  ...['buy', 'b', 'bid', 'bought', 'long'].map((word) => [word, 'buy'] as const),
  ...['sell', 's', 'ask', 'sold', 'short'].map((word) => [word, 'sell'] as const),
]);

/** The side a field says, in any case; null where it says nothing, undefined where it says something else. */
export function parseSide(field: string): 'buy' | 'sell' | null | undefined {
  const text = field.trim().toLowerCase();
  return text === '' ? null : SIDES.get(text);
}

/** The side of the other outcome: a buy of No is a sell of Yes. */
export const oppositeSide = (side: 'buy' | 'sell' | null): 'buy' | 'sell' | null => {
  if (side === null) return null;
  return side === 'buy' ? 'sell' : 'buy';
};
