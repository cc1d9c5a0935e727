import type { TickColumnNames } from '../../contracts/catalogue.ts';
import { PredictLabError } from '../../contracts/errors.ts';

/** The meanings of a tick file's columns. `kind` is in files written by `export ticks`. */
const ROLES = ['time', 'price', 'size', 'side', 'outcome', 'tradeId', 'kind'] as const;
type Role = (typeof ROLES)[number];

/** The default header name of each role. */
const DEFAULT_NAMES: Readonly<Record<Role, string>> = {
  time: 'time',
  price: 'price',
  size: 'size',
  side: 'side',
  outcome: 'outcome',
  tradeId: 'trade_id',
  kind: 'kind',
};

/** The index of each role's column in a line; -1 where the file has none. */
export interface TickColumnIndices extends Readonly<Record<Role, number>> {
  /** Number of fields in a complete line. */
  readonly width: number;
}

/**
 * Finds the columns of a tick file. Names match exactly, otherwise ignoring case; `time`, `price` and every column that the user named
 * are required.
 *
 * @throws PredictLabError BadInput that lists the columns the file has
 */
export function findTickColumns(path: string, header: readonly string[], named: Partial<TickColumnNames> = {}): TickColumnIndices {
  const names = header.map((name) => name.trim());
  const lowered = names.map((name) => name.toLowerCase());
  const indexOf = (name: string): number => {
    const exact = names.indexOf(name);
    return exact >= 0 ? exact : lowered.indexOf(name.toLowerCase());
  };
  const missing: string[] = [];
  const indices = Object.fromEntries(
    ROLES.map((role) => {
      const name = role === 'kind' ? undefined : named[role];
      const index = indexOf(name ?? DEFAULT_NAMES[role]);
      if (index < 0 && (name !== undefined || role === 'time' || role === 'price'))
        missing.push(`${role} ("${name ?? DEFAULT_NAMES[role]}")`);
      return [role, index];
    }),
  ) as Record<Role, number>;
  if (missing.length > 0) {
    const columns = names.filter((name) => name !== '').join(', ');
    throw new PredictLabError(
      'BadInput',
      `${path} has no column for ${missing.join(' and ')}; its columns are: ${columns}. Say which one holds what with --columns, e.g. --columns time=Timestamp,price=Price,size=Shares`,
    );
  }
  return { ...indices, width: names.length };
}
