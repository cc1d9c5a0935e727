import type { PipelineStatus } from '../../../contracts/run/pipeline-status.ts';
import type { RunConfig } from '../../../contracts/run/run-config.ts';
import { dependencyMap, taskSpans } from '../run-facts.ts';

/**
 * The share of a run's time, in [0, 1], in which all slots were taken while a ready task waited: time that more slots could have saved.
 * Symbols that wait at a gate take no slot, which can make it a little too large.
 */
export const shareBoundBySlots = (status: PipelineStatus, config: RunConfig | null): number => {
  const spans = taskSpans(status);
  const slots = status.maxConcurrent;
  if (spans.length <= slots || !slots) return 0;
  const ends = new Map(spans.map((span) => [span.taskId, span.to]));
  const dependencies = dependencyMap(status, config);
  const begin = Date.parse(status.startedAt);
  /** Times at which the number of running or waiting tasks changes. */
  const changes: { at: number; running: number; waiting: number }[] = [];
  for (const { taskId, from, to } of spans) {
    changes.push({ at: from, running: 1, waiting: 0 }, { at: to, running: -1, waiting: 0 });
    const ready = Math.max(begin, ...(dependencies.get(taskId) ?? []).map((before) => ends.get(before) ?? begin));
    if (ready < from) changes.push({ at: ready, running: 0, waiting: 1 }, { at: from, running: 0, waiting: -1 });
  }
  changes.sort((a, b) => a.at - b.at || a.running - b.running);
  let [running, waiting, last, bound] = [0, 0, begin, 0];
  for (const change of changes) {
    if (running >= slots && waiting > 0) bound += change.at - last;
    last = change.at;
    running += change.running;
    waiting += change.waiting;
  }
  const whole = Math.max(status.durationSeconds * 1000, last - begin);
  return whole <= 0 ? 0 : Math.min(1, bound / whole);
};
