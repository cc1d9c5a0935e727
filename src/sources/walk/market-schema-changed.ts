import { PredictLabError } from '../../contracts/errors.ts';

/** The error for one market whose rows cannot be read although those of others can. The market is left out and not retried. */
export class MarketSchemaChanged extends PredictLabError {
  constructor(message: string) {
    super('SourceSchemaChanged', message);
  }
}
