import type { MarketKind, TickKind } from '../../contracts/words.ts';
import { flagOutliers } from '../../market/flag-outliers.ts';

/** The fields of a tick that the scan uses. */
export interface ScannedTick {
  readonly position: number;
  readonly kind: TickKind;
  readonly time: number;
  readonly price: number;
  readonly size: number | null;
  /** Whether another rule has flagged it. */
  readonly flagged: boolean;
}

/** Number of ticks per block. */
const BLOCK = 20_000;
/** Ticks of the previous block that define what is usual at the start of the next; more than the rule's window. */
const CONTEXT = 200;
/** Ticks at a block's end whose return may lie in the next block; more than the rule looks ahead. */
const AHEAD = 10;

/**
 * Finds outliers in a stream of one instrument's ticks, block by block, so that memory stays flat. Each block is checked together with the ticks
 * before it; its last ticks are decided with the next block.
 */
export class OutlierScan {
  readonly #market: MarketKind;
  readonly #onOutlier: (position: number, flagged: boolean) => void;
  readonly #blocks = new Map<TickKind, Block>();

  constructor(market: MarketKind, onOutlier: (position: number, flagged: boolean) => void) {
    this.#market = market;
    this.#onOutlier = onOutlier;
  }

  add(tick: ScannedTick): void {
    let block = this.#blocks.get(tick.kind);
    if (block === undefined) {
      block = { positions: [], time: [], price: [], size: [], flagged: [], decided: 0 };
      this.#blocks.set(tick.kind, block);
    }
    block.positions.push(tick.position);
    block.time.push(tick.time);
    block.price.push(tick.price);
    block.size.push(tick.size ?? Number.NaN);
    block.flagged.push(tick.flagged);
    if (block.positions.length >= BLOCK) this.#decide(block, block.positions.length - AHEAD);
  }

  /** Decides the remaining ticks. */
  end(): void {
    for (const block of this.#blocks.values()) this.#decide(block, block.positions.length);
  }

  #decide(block: Block, to: number): void {
    const { positions, decided } = block;
    const flags = flagOutliers(
      {
        length: positions.length,
        time: Float64Array.from(block.time),
        price: Float64Array.from(block.price),
        size: Float64Array.from(block.size),
        buy: new Uint8Array(positions.length),
      },
      { market: this.#market },
    );
    for (let i = decided; i < to; i++) if (flags[i] === 1) this.#onOutlier(positions[i], block.flagged[i]);
    const drop = Math.max(0, to - CONTEXT);
    for (const column of [positions, block.time, block.price, block.size, block.flagged]) column.splice(0, drop);
    block.decided = to - drop;
  }
}

interface Block {
  readonly positions: number[];
  readonly time: number[];
  readonly price: number[];
  readonly size: number[];
  readonly flagged: boolean[];
  /** Number of ticks at the start that are decided and only serve as context. */
  decided: number;
}
