import { describe, expect, it } from 'vitest';
import { STAGES } from '../../src/contracts/words.ts';
import { groupTasks } from '../../src/report/run/symbol-tasks.ts';
import { gantt, ganttRows } from '../../src/report/run/time/gantt.ts';
import { AS_OF } from './sample-numbers.ts';
import { resultOf, SAMPLE_SYMBOLS, sampleConfig, sampleRun } from './sample-run.ts';

const draw = ({ result, config } = sampleRun()): string =>
  gantt(
    result,
    config,
    groupTasks(
      result,
      config?.symbols.map((s) => s.symbol),
    ),
  ).text;

describe('the time chart of a run', () => {
  it('has a row per symbol in the run’s order, then one per custom task', () => {
    const names = [...draw().matchAll(/class="name" title="([^"]*)"/g)].map((match) => match[1]);
    expect(names).toEqual([...SAMPLE_SYMBOLS, 'notify']);
  });

  it('names the critical path in short form, and underlines its tasks', () => {
    expect(draw()).toContain('GOV_SHUTDOWN (6 stages): 10.5 s of work');
    expect(draw().match(/<rect class="bar-path" x/g)).toHaveLength(6);
  });

  it('describes each bar: task, state, start, length and attempts', () => {
    expect(draw()).toMatch(/<title>ETH_PRICE\/collect: success, started after 0 ms, took [\d.]+ s, 4 attempts<\/title>/);
  });

  it('draws failed attempts over the hatching between them, which would hide short attempts', () => {
    const config = sampleConfig([]);
    const at = (seconds: number): number => AS_OF + seconds * 1000;
    const task = { status: 'success' as const, attempts: 2, startedAt: new Date(AS_OF).toISOString(), durationSeconds: 40 };
    const result = resultOf({ notify: task });
    const attempts = { notify: [{ attempt: 1, from: at(1), to: at(1.001), next: at(30), error: 'Error' }] };
    const { text } = gantt(result, config, groupTasks(result, []), { attempts });
    const kinds = [...text.matchAll(/class="bar-(between|failed|custom)" (?:d|x)="[^"]*"[^>]*><title>/g)].map((match) => match[1]);
    expect(kinds).toEqual(['between', 'between', 'failed', 'custom']);
  });

  it('has the tasks of a row in the order of their starts', () => {
    const task = { status: 'success' as const };
    const spans = [3, 1, 2].map((from) => ({ taskId: `A/${STAGES[from]}`, from, to: from + 1, task }));
    const symbols = groupTasks(resultOf({ 'A/clean': task }), ['A']);
    const starts = (some: typeof spans) => ganttRows(some, symbols).map((row) => row.spans.map(({ from }) => from));
    expect(starts(spans)).toEqual([[1, 2, 3]]);
    expect(starts(spans.toReversed())).toEqual([[1, 2, 3]]);
    expect(starts([])).toEqual([]);
  });

  it('does not count the attempts of different stages of a symbol as retries', () => {
    const whole = { status: 'success' as const, attempts: 6, startedAt: new Date(AS_OF).toISOString(), durationSeconds: 4 };
    const text = draw({ ...sampleRun(), result: resultOf({ A: whole }), config: sampleConfig(['A']) });
    expect(text).toContain('title="A"');
    expect(text).not.toMatch(/5 retries|, 6 attempts/);
  });

  it('draws only the slowest rows of a large run, and lists every task in the table', () => {
    const symbols = Array.from({ length: 100 }, (_, i) => `S${i}`);
    const tasks = Object.fromEntries(
      symbols.map((symbol, i) => [
        `${symbol}/collect`,
        { status: 'success' as const, startedAt: new Date(AS_OF).toISOString(), durationSeconds: i + 1 },
      ]),
    );
    const text = draw({ ...sampleRun(), result: resultOf(tasks), config: { ...sampleConfig(symbols), tasks: [] } });
    expect(text.match(/class="name"/g)).toHaveLength(40);
    expect(text).toContain('the 40 slowest of 100 rows');
    expect(text).toContain('(100 rows)');
    expect(text).toContain('title="S99"');
    expect(text).not.toContain('title="S10"');
  });
});
