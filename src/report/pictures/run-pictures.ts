import { linear, valueTicks } from '../charts/axis.ts';
import { formatDuration } from '../elements/format.ts';
import { html } from '../elements/html.ts';
import type { RunPageData } from '../run/run-data.ts';
import { lastEndedChain, taskSpans } from '../run/run-facts.ts';
import { groupTasks } from '../run/symbol-tasks.ts';
import { ganttBars, ganttRows, slowest } from '../run/time/gantt.ts';
import type { Picture } from './picture.ts';

const ROW = 18;

/** The run's time chart; none before any task has run. */
export const runPictures = ({ result, config, attempts = {} }: RunPageData): readonly Picture[] => {
  const spans = taskSpans(result);
  if (spans.length === 0) return [];
  const groups = groupTasks(
    result,
    config?.symbols.map(({ symbol }) => symbol),
  );
  const rows = slowest(ganttRows(spans, groups));
  const start = Math.min(Date.parse(result.startedAt), ...spans.map((span) => span.from));
  const end = Math.max(start + result.durationSeconds * 1000, ...spans.map((span) => span.to));
  const path = new Set(lastEndedChain(result, config));
  const x = linear(start, end);
  const shapes = rows.map((row, i) => html`<g transform="translate(0 ${i * ROW})">${ganttBars(row, { start, x, path, attempts })}</g>`);
  return [
    {
      name: 'run-time',
      title: `${result.runId}: ${result.result}, when each task ran; the critical path is underlined`,
      plots: [
        {
          height: rows.length * ROW,
          label: 'when each task ran',
          shapes,
          x: valueTicks(0, Math.max((end - start) / 1000, 0.001), 8, formatDuration),
          y: rows.map((row, i) => ({ at: 1 - (i + 0.5) / rows.length, label: row.name })),
        },
      ],
    },
  ];
};
