import { describe, expect, it } from 'vitest';
import { AGEING_MS, type TaskOrder } from '../../src/scheduling/orders/orders.ts';
import { DrivenRun, succeeded } from './driven-run.ts';
import { customTask, runConfig } from './run-config.ts';

/** Ends whatever runs, one by one, and says in which order things started. */
function startsOf(run: DrivenRun): string[] {
  const started: string[] = [];
  const note = (words: readonly string[]) =>
    started.push(...words.filter((word) => word.startsWith('start ')).map((word) => word.slice(6)));
  note(run.start());
  for (let next = 0; next < started.length; next++) note(run.ends(started[next], [succeeded(started[next])]));
  return started;
}

describe('the order fifo', () => {
  it('starts the task first that became ready first, and equal ones in the order of the graph', () => {
    const tasks = [
      customTask('a'),
      customTask('b', { priority: 1 }),
      customTask('after-a', { dependencies: ['a'], priority: 1 }),
      customTask('c', { priority: 5 }),
    ];
    expect(startsOf(new DrivenRun(runConfig({ tasks, maxConcurrent: 1, order: 'fifo' })))).toEqual(['a', 'b', 'c', 'after-a']);
  });
});

describe('the order priority', () => {
  it('starts the task with the smallest number first, and equal ones like fifo', () => {
    const tasks = [customTask('five', { priority: 5 }), customTask('three'), customTask('one', { priority: 1 }), customTask('three too')];
    expect(startsOf(new DrivenRun(runConfig({ tasks, maxConcurrent: 1 })))).toEqual(['one', 'three', 'three too', 'five']);
  });

  it('delays no task for ever, since waiting for five minutes counts as one priority', () => {
    // each urgent task, when it ends, makes the next urgent one ready
    const chain = Array.from({ length: 10 }, (_, i) =>
      customTask(`urgent ${i}`, { priority: 1, dependencies: i === 0 ? [] : [`urgent ${i - 1}`] }),
    );
    const run = new DrivenRun(runConfig({ tasks: [...chain, customTask('patient', { priority: 5 })], maxConcurrent: 1 }));
    let running = run.start()[0].slice(6);
    let ended = 0;
    while (running !== 'patient') {
      ended++;
      running = run.ends(running, [succeeded(running)], { at: ended * AGEING_MS })[0].slice(6);
    }
    // 20 minutes make up for four priorities
    expect(ended).toBe(5);
  });
});

describe('the order critical-path', () => {
  const tasks = [customTask('short'), customTask('long 1'), customTask('long 2', { dependencies: ['long 1'] }), customTask('heavy')];

  it('starts the task first that the longest chain depends on, and assumes a second for tasks of unknown duration', () => {
    const run = new DrivenRun(runConfig({ tasks, maxConcurrent: 1, order: 'critical-path' }));
    expect(startsOf(run)).toEqual(['long 1', 'short', 'long 2', 'heavy']);
  });

  it('uses measured durations when there are any', () => {
    const run = new DrivenRun(runConfig({ tasks, maxConcurrent: 1, order: 'critical-path' }), { durations: { heavy: 60 } });
    expect(startsOf(run)[0]).toBe('heavy');
  });

  it('uses the mean of a stage for the stages of a symbol', () => {
    const config = runConfig({
      symbols: ['BTC'],
      tasks: [customTask('task')],
      untilStage: 'clean',
      maxConcurrent: 1,
      order: 'critical-path',
    });
    expect(new DrivenRun(config, { durations: { task: 3 } }).start()).toEqual(['start task']);
    expect(new DrivenRun(config, { durations: { task: 3, clean: 9 } }).start()).toEqual(['start BTC collect..clean']);
  });
});

describe('a custom order', () => {
  it('decides which task starts next, with no more than an object that is passed to the run', () => {
    const lastNameFirst: TaskOrder = { name: 'last-name-first', key: ({ taskId }) => -taskId.charCodeAt(0) };
    const tasks = ['ada', 'bob', 'cyd'].map((id) => customTask(id));
    expect(startsOf(new DrivenRun(runConfig({ tasks, maxConcurrent: 1 }), { order: lastNameFirst }))).toEqual(['cyd', 'bob', 'ada']);
  });
});
