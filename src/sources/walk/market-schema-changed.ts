import { PredictLabError } from '../../contracts/errors.ts';

/** The rows of one market cannot be read although those of others can: the market is left out, its source is not. Final. */
export class MarketSchemaChanged extends PredictLabError {
  constructor(message: string) {
    super('SourceSchemaChanged', message);
  }
}
