import { Client, type ClientConfig } from 'pg';

/**
 * A connection whose loss is reported only by the query that meets it. `pg` also emits an `error` event, at any moment, even before a pool has
 * handed the connection out; an `error` event without a listener ends the process.
 */
export class SteadyClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }
}
