import { PredictLabError } from '../../contracts/errors.ts';
import type { Instrument } from '../../contracts/market-data.ts';
import type { FoundInstruments } from '../venue.ts';

/** Merges what the selectors of a symbol found. */
export const together = (findings: readonly FoundInstruments[]): FoundInstruments => ({
  instruments: findings.flatMap(({ instruments }) => instruments),
  problems: findings.flatMap(({ problems }) => problems),
});

/** Collects the markets of one listing, each once. An unreadable market is a problem; if none is readable, the format has changed. */
export class Listing {
  readonly instruments = new Map<string, Instrument>();
  readonly problems: string[] = [];
  readonly #symbol: string;
  readonly #foreign: string[] = [];
  #unreadable: PredictLabError | undefined;

  constructor(symbol: string) {
    this.#symbol = symbol;
  }

  /** Adds the market that `read` returns, or counts it as `foreign` where the request was for others: some hosts ignore the filter. */
  async add(read: () => Promise<Instrument | { readonly foreign: string }>): Promise<void> {
    try {
      const market = await read();
      if ('foreign' in market) this.#foreign.push(market.foreign);
      else if (!this.instruments.has(market.id)) this.instruments.set(market.id, market);
    } catch (error) {
      if (!(error instanceof PredictLabError) || error.type !== 'SourceSchemaChanged') throw error;
      this.#unreadable ??= error;
      this.problems.push(`${this.#symbol}: ${error.message}`);
    }
  }

  /** The markets of a listing that names no market in particular. @throws PredictLabError SourceSchemaChanged when no market can be read */
  page(): FoundInstruments {
    if (this.instruments.size === 0 && this.#unreadable !== undefined) throw this.#unreadable;
    return { instruments: [...this.instruments.values()], problems: this.problems };
  }

  /**
   * @param wanted the selector in JSON
   * @param hint what a user can check where nothing matches
   * @throws PredictLabError SourceSchemaChanged when no market can be read
   */
  found(venue: string, wanted: string, hint: string): FoundInstruments {
    const { instruments, problems } = this.page();
    const [other] = this.#foreign;
    const lists = `${venue} lists ${this.#foreign.length} other markets, such as ${other}, for ${wanted}`;
    if (other !== undefined) this.problems.push(`${this.#symbol}: ${lists}`);
    if (this.instruments.size === 0 && this.problems.length === 0)
      this.problems.push(`${this.#symbol}: ${venue} has no market for ${wanted}; ${hint}`);
    return { instruments, problems };
  }
}
