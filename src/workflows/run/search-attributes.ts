import type { SearchAttributePair } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';
import type { RunConfig } from '../../contracts/run/run-config.ts';
import type { RunResult } from '../../contracts/words.ts';
import { encodedBytes } from '../../scheduling/payload/encoded-bytes.ts';
import { STAGE_DETAIL_LIMIT } from '../../scheduling/run/run-events.ts';

const VERDICT = { name: 'PredictLabVerdict', type: 'KEYWORD' } as const;
const SYMBOL = { name: 'PredictLabSymbol', type: 'KEYWORD_LIST' } as const;

/** Temporal takes 2 KB a value. */
const MOST_BYTES = 1_900;

/** What a workflow about some symbols can be found by. */
export const aboutSymbols = (symbols: readonly string[]): SearchAttributePair => ({ key: SYMBOL, value: [...symbols] });

/** Lets a run be found by its symbols: by all of them, or by none where they are many; then their own workflows are found. */
export function tellSymbols({ symbols }: RunConfig): void {
  const names = symbols.map(({ symbol }) => symbol);
  if (names.length === 0 || names.length > STAGE_DETAIL_LIMIT || encodedBytes(names) > MOST_BYTES) return;
  upsertSearchAttributes([aboutSymbols(names)]);
}

/** Lets a run be found by how it ended. */
export function tellVerdict(verdict: RunResult): void {
  upsertSearchAttributes([{ key: VERDICT, value: verdict }]);
}
