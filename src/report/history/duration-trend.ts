import { valueTicks } from '../charts/axis.ts';
import { PLOT_WIDTH, unit } from '../charts/plot.ts';
import { formatDuration, formatTime } from '../elements/format.ts';
import { html, type Markup } from '../elements/html.ts';
import { dataTable } from '../elements/table.ts';
import type { HistoryRunColumn } from './history-data.ts';

const HEIGHT = 80;

/** One bar per run, oldest on the left, as high as the run was long, with the numbers as a table; failed runs have their own colour. */
export const durationTrend = (newestFirst: readonly HistoryRunColumn[]): Markup => {
  const runs = newestFirst.filter((run) => run.durationSeconds !== null).toReversed();
  if (runs.length === 0) return html`<p class="none">no run has ended</p>`;
  const most = Math.max(...runs.map((run) => run.durationSeconds ?? 0), 0.001);
  // few runs have bars as narrow as many runs
  const width = PLOT_WIDTH / Math.max(runs.length, 30);
  const bars = runs.map((run, i) => {
    const height = ((run.durationSeconds ?? 0) / most) * HEIGHT;
    const tone = run.state === 'failed' ? 'failed' : String(i % 2);
    return html`<rect class="bar-${tone}" x="${unit(i * width + 1)}" y="${unit(HEIGHT - height)}" width="${unit(Math.max(1, width - 2))}" height="${unit(height)}"><title>${run.runId}: ${formatDuration(run.durationSeconds)}, ${run.state}</title></rect>`;
  });
  const ticks = valueTicks(0, most, 3, formatDuration);
  return html`<div class="plot" style="height:${HEIGHT + 20}px"><div class="area" style="height:${HEIGHT}px"><svg viewBox="0 0 ${PLOT_WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="duration of the last ${runs.length} runs">${bars}</svg>${ticks.map((tick) => html`<span class="y" style="top:${(1 - tick.at) * 100}%">${tick.label}</span>`)}</div></div>
${dataTable(
  [
    { head: 'run', align: 'text', cell: (run: HistoryRunColumn) => run.runId },
    { head: 'started', align: 'text', cell: (run) => formatTime(run.startedAt) },
    { head: 'state', align: 'text', cell: (run) => run.state },
    { head: 'tasks', cell: (run) => run.totalTasks ?? '' },
    { head: 'took, s', cell: (run) => (run.durationSeconds ?? 0).toFixed(3) },
  ],
  runs,
  { id: 'durations', caption: 'Runs and how long they took' },
)}`;
};
