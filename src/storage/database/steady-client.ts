import { Client, type ClientConfig } from 'pg';

/**
 * A connection whose loss is told to the query that meets it and to nobody else. `pg` also emits it as an `error`, at any moment from the connecting on,
 * also in the very answer with which a pool hands the connection over; an `error` that nobody listens to ends the process.
 */
export class SteadyClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }
}
