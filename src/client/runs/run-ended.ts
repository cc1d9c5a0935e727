import type { PipelineResult } from '../../contracts/run/pipeline-status.ts';

/** A run that ended without a result of its own. */
export class RunEnded extends Error {
  override readonly name = 'RunEnded';
  readonly how: 'invalid' | 'failed' | 'cancelled' | 'terminated';
  /** What the run had reached, where the failure carries it. */
  readonly partial: PipelineResult | undefined;

  constructor(how: RunEnded['how'], message: string, options: { partial?: PipelineResult; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.how = how;
    this.partial = options.partial;
  }
}
