import type { PipelineResult } from '../../contracts/run/pipeline-status.ts';

/** Thrown for a run that ended without a result. */
export class RunEnded extends Error {
  override readonly name = 'RunEnded';
  readonly how: 'invalid' | 'failed' | 'cancelled' | 'terminated';
  /** The result up to the failure, where the failure carries it. */
  readonly partial: PipelineResult | undefined;

  constructor(how: RunEnded['how'], message: string, options: { partial?: PipelineResult; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.how = how;
    this.partial = options.partial;
  }
}
