import { pastError } from '../../contracts/errors.ts';
import { STAGES } from '../../contracts/words.ts';
import { type Graph, targetsOf } from '../graph/graph.ts';
import type { RunCommand } from './run-events.ts';
import { type Lane, PENDING, RUNNING, type RunState, readyTask, STARTED, setStatus } from './run-state.ts';

/**
 * Gives a slot to the next ready task. A symbol gets it for its whole segment: from this stage up to the last one that waits for
 * nothing outside the symbol. So it keeps the slot from stage to stage, and symbols finish one after another instead of all at the
 * end. At a closed gate the segment ends and the slot is released.
 */
export function startLane(state: RunState, at: number, commands: RunCommand[]): void {
  const { graph, order, status, waiting, attempts, failures, spent } = state;
  const readyAt = state.readyAt[state.ready.top];
  const first = takeReady(state);
  const symbol = graph.symbolOf[first];
  const tasks = [first];
  if (symbol >= 0) {
    for (let next = graph.nextStage[first]; next >= 0 && status[next] === PENDING && waiting[next] === 1; next = graph.nextStage[next])
      tasks.push(next);
  } else addChain(state, tasks, at);
  const ready = readyTask(state, first, readyAt);
  const lane: Lane = {
    id: symbol < 0 ? graph.ids[first] : graph.symbols[symbol],
    symbol,
    tasks,
    openedAt: at,
    earlierAttempts: attempts[first],
    number: state.lanesStarted++,
    credit: order.urgency === undefined ? 0 : order.urgency(ready, readyAt) - order.urgency(ready, at),
    current: first,
    urgency: 0,
    returning: false,
  };
  openLane(state, lane);
  const failed = state.errors.get(first);
  const earlier = {
    earlierAttempts: attempts[first],
    earlierFailures: failures[first],
    ...(spent.has(first) ? { earlierSpent: spent.get(first) } : {}),
    ...(failed === undefined ? {} : { earlierError: pastError(failed) }),
  };
  if (symbol >= 0) {
    const stages = tasks.map((task) => STAGES[graph.stageOf[task]]);
    const signalStages = stages.filter(
      (_, i) => i < stages.length - 1 && (state.detail === 'stage' || hasOtherDependants(graph, tasks[i])),
    );
    commands.push({
      type: 'startSymbol',
      symbol: lane.id,
      stages,
      ...earlier,
      signalStages,
    });
  } else {
    const following = tasks.slice(1).map((task) => graph.ids[task]);
    commands.push({ type: 'startTask', taskId: lane.id, ...(following.length > 0 && { following }), ...earlier });
  }
  runTask(state, lane, first, at);
}

/** Maximum number of short tasks in one lane. Their activity starts no further task after a second, and reaches about as many by then. */
const MAX_CHAIN = 100;

/**
 * Adds the short tasks that run after the first one in its activity. Each is the only dependant of the previous task and waits for no other
 * task. The chain ends before a task that the order ranks behind another ready task.
 */
function addChain(state: RunState, tasks: number[], at: number): void {
  const { graph, ready, order } = state;
  const isNext = (task: number): boolean => {
    const key = order.key(readyTask(state, task, at));
    return ready.size === 0 || key < ready.topKey || (key === ready.topKey && task < ready.top);
  };
  for (let last = tasks[0]; mayShare(state, last) && tasks.length < MAX_CHAIN; last = tasks[tasks.length - 1]) {
    const [next, ...others] = targetsOf(graph.dependants, last);
    if (next === undefined || others.length > 0 || state.waiting[next] !== 1 || !mayShare(state, next) || !isNext(next)) break;
    tasks.push(next);
  }
}

/** Whether a task may share an activity with others: only a pending short task before its first attempt may. */
const mayShare = ({ graph, status, attempts }: RunState, task: number): boolean =>
  graph.mayShare[task] === 1 && status[task] === PENDING && attempts[task] === 0;

/** Temporal refuses more than 2,000 open children (and as many open activities) of a workflow, whose workflow task then fails for ever. */
const MAX_LANES = 1_500;

/** How many lanes may be open at once. */
export const slotsOf = ({ maxConcurrent }: RunState): number => Math.min(maxConcurrent, MAX_LANES);

/** A lower bound of the lanes that will still open: one for each pending custom task and for each unfinished symbol without a lane. */
export function lanesToCome({ graph, status, symbolHasLane }: RunState): number {
  let count = 0;
  for (let task = 0; task < graph.size; task++) {
    const isLast = graph.nextStage[task] < 0;
    if (isLast && status[task] === PENDING && (graph.symbolOf[task] < 0 || symbolHasLane[graph.symbolOf[task]] === 0)) count++;
  }
  return count;
}

/** Adds a lane to the open lanes of a run. @internal */
export function openLane(state: RunState, lane: Lane): void {
  state.lanes.set(lane.id, lane);
  if (lane.symbol >= 0) {
    state.symbolHasLane[lane.symbol] = 1;
    state.laneByNumber.set(lane.number, lane);
  }
}

/** Releases the lane's slot. The caller decides what becomes of the lane's tasks. */
export function closeLane(state: RunState, lane: Lane): void {
  state.lanes.delete(lane.id);
  if (lane.symbol >= 0) {
    state.symbolHasLane[lane.symbol] = 0;
    state.laneByNumber.delete(lane.number);
  }
  if (lane.returning) state.returning--;
}

/** The tasks of a lane that follow its current one. */
export const tasksAhead = ({ tasks, current }: Lane): readonly number[] => tasks.slice(tasks.indexOf(current) + 1);

/** Starts the next task of a lane after a task succeeded; if there is none, marks the lane's slot as about to be released. */
export function advanceLane(state: RunState, lane: Lane, at: number): void {
  const [next = -1] = tasksAhead(lane);
  if (next >= 0 && state.status[next] === PENDING) runTask(state, lane, next, at);
  else stopLane(state, lane);
}

/** Marks that no task of the lane is running and that its slot is about to be released. The lane has not ended yet. */
export function stopLane(state: RunState, lane: Lane): void {
  lane.current = -1;
  markReturning(state, lane);
}

function runTask(state: RunState, lane: Lane, task: number, at: number): void {
  setStatus(state, task, RUNNING);
  if ((state.flags[task] & STARTED) === 0) state.started[task] = at;
  lane.current = task;
  if (lane.symbol < 0 || state.order.urgency === undefined) return;
  const urgency = state.order.urgency(readyTask(state, task, at), at) - lane.credit;
  if (task !== lane.tasks[0] && urgency === lane.urgency) return;
  lane.urgency = urgency;
  offerToYield(state, lane);
}

/** Adds a lane to the queue from which the least urgent lane is asked to release its slot. @internal */
export function offerToYield(state: RunState, lane: Lane): void {
  state.yieldable.push(-lane.urgency, -lane.number);
}

function markReturning(state: RunState, lane: Lane): void {
  if (lane.returning) return;
  lane.returning = true;
  state.returning++;
}

/** Makes a symbol release its slot after its current stage. A lane in its last stage needs no command, because it ends then anyway. */
function askToYield(state: RunState, lane: Lane, commands: RunCommand[]): void {
  if (lane.returning || lane.symbol < 0) return;
  markReturning(state, lane);
  if (tasksAhead(lane).length > 0) commands.push({ type: 'yieldLane', lane: lane.id });
}

/** Makes every lane release its slot at the next stage boundary, because the run pauses. */
export function yieldAll(state: RunState, commands: RunCommand[]): void {
  for (const lane of state.lanes.values()) askToYield(state, lane, commands);
}

/** Makes the newest lanes release their slots until the others fit into a lowered `maxConcurrent`. */
export function yieldAboveLimit(state: RunState, commands: RunCommand[]): void {
  if (state.lanes.size - state.returning <= slotsOf(state)) return;
  for (const lane of [...state.lanes.values()].reverse()) {
    if (state.lanes.size - state.returning <= slotsOf(state)) return;
    askToYield(state, lane, commands);
  }
}

/**
 * Makes the least urgent symbols release their slots: one for each ready task that is more urgent, less the slots that are free or being
 * released. A symbol keeps the urgency that it had gained by waiting before it started.
 */
export function yieldToMoreUrgent(state: RunState, commands: RunCommand[]): void {
  if (state.order.urgency === undefined || state.ready.size === 0) return;
  for (;;) {
    const lane = leastUrgentLane(state);
    if (lane === undefined) return;
    const onTheirWay = slotsOf(state) - (state.lanes.size - state.returning);
    if (readyMoreUrgentThan(state, lane.urgency) <= onTheirWay) return;
    askToYield(state, lane, commands);
  }
}

/** The least urgent lane; among equally urgent ones the newest. Removes outdated entries from the queue. */
function leastUrgentLane(state: RunState): Lane | undefined {
  const { yieldable, laneByNumber } = state;
  while (yieldable.size > 0) {
    const lane = laneByNumber.get(-yieldable.top);
    if (lane !== undefined && !lane.returning && -yieldable.topKey === lane.urgency) return lane;
    yieldable.pop();
  }
  return undefined;
}

const hasOtherDependants = (graph: Graph, task: number): boolean =>
  targetsOf(graph.dependants, task).some((dependant) => dependant !== graph.nextStage[task]);

/** The task that a lane is running, as `why` names it. */
export function laneTask(state: RunState, lane: Lane): string {
  if (lane.current >= 0) return state.graph.ids[lane.current];
  return lane.symbol < 0 ? lane.id : `${lane.id} (ending)`;
}

/** Puts a task into the queue of ready tasks if it waits for nothing but a slot. */
export function enqueueIfReady(state: RunState, task: number, at: number): void {
  if (state.status[task] !== PENDING || state.waiting[task] > 0 || state.closing !== null || state.startedAt === null) return;
  if (state.retryAt.has(task) || !Number.isNaN(state.readyAt[task])) return;
  const symbol = state.graph.symbolOf[task];
  if (symbol >= 0 && state.symbolHasLane[symbol] === 1) return;
  enqueue(state, task, at);
}

function enqueue(state: RunState, task: number, readyAt: number): void {
  state.readyAt[task] = readyAt;
  const ready = readyTask(state, task, readyAt);
  state.ready.push(state.order.key(ready), task);
  if (state.order.urgency !== undefined) countUrgency(state, state.order.urgency(ready, readyAt), 1);
}

/** Removes the first task from the queue and returns it. The queue must not be empty. */
function takeReady(state: RunState): number {
  const task = state.ready.pop();
  const readyAt = state.readyAt[task];
  if (state.order.urgency !== undefined) countUrgency(state, state.order.urgency(readyTask(state, task, readyAt), readyAt), -1);
  state.readyAt[task] = Number.NaN;
  return task;
}

/** Counts the ready tasks more urgent than `urgency`, by priority alone: waiting never displaces a running task. */
function readyMoreUrgentThan(state: RunState, urgency: number): number {
  let count = 0;
  for (const [own, tasks] of state.readyByUrgency) if (own < urgency) count += tasks;
  return count;
}

/** Empties the queue of ready tasks when the run ends. */
export function clearReady(state: RunState): void {
  for (const [, task] of state.ready.entries()) state.readyAt[task] = Number.NaN;
  state.ready.clear();
  state.readyByUrgency.clear();
}

function countUrgency(state: RunState, urgency: number, change: number): void {
  const count = (state.readyByUrgency.get(urgency) ?? 0) + change;
  if (count === 0) state.readyByUrgency.delete(urgency);
  else state.readyByUrgency.set(urgency, count);
}
