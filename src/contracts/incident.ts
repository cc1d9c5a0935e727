/** What happened to an incident, as alerts name it. */
export type IncidentEvent = 'opened' | 'updated' | 'closed';

/** One root cause of trouble, as users see it. Times are ISO 8601, UTC. */
export interface Incident {
  readonly id: string;
  readonly cause: string;
  /** `low`: worth knowing, and no alert is sent; `normal`: needs an operator. */
  readonly severity: 'low' | 'normal';
  readonly openedAt: string;
  /** null while the incident is open */
  readonly closedAt: string | null;
  /** Ids of the runs that met the incident, the first one first. */
  readonly runs: readonly string[];
  readonly symbols: readonly string[];
}

/** One alert about an incident; the body of the webhook. */
export interface Alert {
  readonly event: IncidentEvent;
  /** The text that chat tools show. */
  readonly text: string;
  readonly incident: Incident;
}

/** One alert of an incident on its way to one sink. */
export interface AlertDelivery {
  readonly event: IncidentEvent;
  readonly sink: string;
  /** Time of the delivery, UTC epoch milliseconds; null while the alert is not delivered. */
  readonly deliveredAt: number | null;
  readonly attempts: number;
  /** The last error of a delivery that failed. */
  readonly error: string | null;
}
