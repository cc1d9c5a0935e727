import type { Json } from '../../contracts/run/pipeline-input.ts';

/** Parameters as text: `{ fast: 10, slow: 30 }` → `10/30`; with names where the values alone would be unclear. */
export const paramsText = (params: Readonly<Record<string, Json>>): string => {
  const entries = Object.entries(params);
  const plain = entries.length <= 3 && entries.every(([, value]) => typeof value === 'number');
  return plain
    ? entries.map(([, value]) => JSON.stringify(value)).join('/')
    : entries.map(([key, value]) => `${key} ${JSON.stringify(value)}`).join(', ');
};
