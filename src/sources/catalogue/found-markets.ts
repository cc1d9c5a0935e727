import { PredictLabError } from '../../contracts/errors.ts';
import type { Instrument } from '../../contracts/market-data.ts';
import type { FoundInstruments } from '../venue.ts';

/** What the selectors of a symbol found, as one. */
export const together = (findings: readonly FoundInstruments[]): FoundInstruments => ({
  instruments: findings.flatMap(({ instruments }) => instruments),
  problems: findings.flatMap(({ problems }) => problems),
});

/** The markets of one listing, each once. One that cannot be read is a problem of its own; if none can, the answer has changed. */
export class Listing {
  readonly instruments = new Map<string, Instrument>();
  readonly problems: string[] = [];
  readonly #symbol: string;
  readonly #foreign: string[] = [];
  #unreadable: PredictLabError | undefined;

  constructor(symbol: string) {
    this.#symbol = symbol;
  }

  /** Adds what `read` returns: a market, or the name of one that was not asked for, since a host that ignores a filter lists others. */
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

  /** The markets of a page that names none. @throws PredictLabError SourceSchemaChanged when no market can be read */
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
