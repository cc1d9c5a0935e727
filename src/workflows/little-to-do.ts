import type { TaskReport } from '../contracts/stage-report.ts';
import { numberIn } from '../contracts/task-output.ts';
import type { Stage } from '../contracts/words.ts';

/** A stage has little to do when an earlier one of the symbol counted no more than this: alone it then ends within some 20 ms, and with fifty at once within a second. */
interface Little {
  readonly stage: Stage;
  readonly counted: string;
  readonly atMost: number;
}

const FEW_TICKS: Little = { stage: 'collect', counted: 'ticks', atMost: 1_000 };
const FEW_CANDLES: Little = { stage: 'kline', counted: 'candles', atMost: 2_000 };
/** `collect` waits for venues, whatever it finds. */
const LITTLE: Readonly<Partial<Record<Stage, Little>>> = {
  clean: FEW_TICKS,
  store: FEW_TICKS,
  kline: FEW_TICKS,
  backtest: FEW_CANDLES,
  visualize: FEW_CANDLES,
};

/** @param reports how the stages before it ended, of the same segment; what is not among them may be large */
export function hasLittleToDo(stage: Stage, reports: readonly TaskReport[]): boolean {
  const little = LITTLE[stage];
  if (little === undefined) return false;
  const report = reports.find(({ taskId, kind }) => kind === 'succeeded' && taskId.endsWith(`/${little.stage}`));
  const count = report?.kind === 'succeeded' ? numberIn(report.output, little.counted) : null;
  return count !== null && count <= little.atMost;
}
