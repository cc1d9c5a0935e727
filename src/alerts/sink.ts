import type { Alert } from '../incidents/incident-text.ts';

/** An alert as it is handed to a sink; given again with the same key it is the same alert. */
export interface Message {
  /** `incident-7-opened`; of updates `incident-7-updated-31`. */
  readonly key: string;
  readonly alert: Alert;
}

/** Somewhere alerts go. */
export interface Sink {
  /** As `incidents` names it. */
  readonly name: string;
  /** Resolves once the other side has taken it. @throws Error with what it said */
  send(message: Message): Promise<void>;
}
