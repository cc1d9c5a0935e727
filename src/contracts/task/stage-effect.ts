import type { Json } from '../run/pipeline-input.ts';

/** What a stage did, in small JSON. */
export interface StageEffect {
  readonly output: Json;
  /** Why this success is only a degraded one; one sentence each. */
  readonly degraded?: readonly string[];
}
