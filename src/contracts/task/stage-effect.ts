import type { Json } from '../run/pipeline-input.ts';

/** The effect of a stage, as small JSON. */
export interface StageEffect {
  readonly output: Json;
  /** Why this success is degraded, one sentence per reason. */
  readonly degraded?: readonly string[];
}
