import type { SearchAttributePair } from '@temporalio/common';
import { patched, upsertSearchAttributes } from '@temporalio/workflow';
import type { RunConfig } from '../../contracts/run/run-config.ts';
import type { RunResult } from '../../contracts/words.ts';
import { encodedBytes } from '../../scheduling/payload/budget.ts';
import { STAGE_DETAIL_LIMIT } from '../../scheduling/run/run-events.ts';

const VERDICT = { name: 'PredictLabVerdict', type: 'KEYWORD' } as const;
const SYMBOL = { name: 'PredictLabSymbol', type: 'KEYWORD_LIST' } as const;

/** Longest value of a search attribute, below Temporal's limit of 2 KB. */
const MAX_BYTES = 1_900;

/** The search attribute by which a workflow is found by its symbols. */
export const aboutSymbols = (symbols: readonly string[]): SearchAttributePair => ({ key: SYMBOL, value: [...symbols] });

/** Makes a run searchable by all its symbols, or by none if together they are too long for a search attribute. */
export function publishSymbols({ symbols }: RunConfig): void {
  const names = symbols.map(({ symbol }) => symbol);
  if (names.length === 0 || encodedBytes(names) > MAX_BYTES) return;
  if (names.length > STAGE_DETAIL_LIMIT && !patched('quiet-stages')) return;
  upsertSearchAttributes([aboutSymbols(names)]);
}

/** Makes a run searchable by its result. */
export function publishVerdict(verdict: RunResult): void {
  upsertSearchAttributes([{ key: VERDICT, value: verdict }]);
}
