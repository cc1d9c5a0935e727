import type { PipelineInput } from '../../contracts/run/pipeline-input.ts';
import { cutText } from '../../contracts/text/cut-text.ts';

/** Of up to three symbols in a run's summary. Characters. */
const LONGEST_NAMES = 50;

/** What a run is about, in the one line that Temporal's Web UI shows of it. */
export function summaryOf({ symbols, untilStage = 'visualize' }: PipelineInput): string {
  const which =
    // what was given may be anything; the run says what is wrong with it
    !Array.isArray(symbols)
      ? 'every enabled symbol'
      : symbols.length === 0
        ? 'custom tasks'
        : symbols.length <= 3
          ? cutText(symbols.join(', '), LONGEST_NAMES)
          : `${symbols.length} symbols`;
  return `${which} → ${untilStage}`;
}
