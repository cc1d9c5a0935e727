const SIDES: Readonly<Record<string, 'buy' | 'sell'>> = {
  buy: 'buy',
  b: 'buy',
  bid: 'buy',
  bought: 'buy',
  long: 'buy',
  sell: 'sell',
  s: 'sell',
  ask: 'sell',
  sold: 'sell',
  short: 'sell',
};

/** The side a field says, in any case; null where it says nothing, undefined where it says something else. */
export function parseSide(field: string): 'buy' | 'sell' | null | undefined {
  const text = field.trim().toLowerCase();
  return text === '' ? null : SIDES[text];
}

/** The side of the other outcome: a buy of No is a sell of Yes. */
export const oppositeSide = (side: 'buy' | 'sell' | null): 'buy' | 'sell' | null => {
  if (side === null) return null;
  return side === 'buy' ? 'sell' : 'buy';
};
