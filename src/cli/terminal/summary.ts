import type { PipelineResult } from '../../contracts/run/pipeline-status.ts';
import { oneLine } from '../../contracts/text/plain-text.ts';
import { formatDuration } from '../../report/elements/format.ts';
import { STATE_GLYPHS } from '../../report/elements/tip.ts';

/** The summary of a run in a few lines: the result, the reasons, then where to look. */
export function summaryLines(result: PipelineResult, places: readonly (readonly [label: string, place: string])[]): string[] {
  const { success, failed, skipped, cancelled } = result.statusBreakdown;
  const counts = [
    `${success} succeeded`,
    ...[[failed, 'failed'] as const, [skipped, 'skipped'] as const, [cancelled, 'cancelled'] as const]
      .filter(([count]) => count > 0)
      .map(([count, word]) => `${count} ${word}`),
  ];
  const lines = [
    `${oneLine(result.runId)}  ${STATE_GLYPHS[result.result]} ${result.result}  ${result.totalTasks} tasks: ${counts.join(', ')} in ${formatDuration(result.durationSeconds)}`,
  ];
  for (const reason of result.reasons.slice(0, 10)) lines.push(`  - ${oneLine(reason)}`);
  if (result.reasons.length > 10) lines.push(`  … and ${result.reasons.length - 10} more reasons, see the report`);
  const width = Math.max(0, ...places.map(([label]) => label.length));
  for (const [label, place] of places) lines.push(`  ${label.padEnd(width)}  ${oneLine(place)}`);
  return lines;
}
