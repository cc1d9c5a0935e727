/**
 * The words of incidents.
 *
 * - trouble: something is wrong, with some subjects, seen once: the end of a run sees troubles, so does a look at a disk
 * - subject: what it is wrong with: a symbol, a custom task, a line of runs of the same input, a schedule
 * - observation: what one look found, well or not
 * - incident: one root cause from its first trouble until every subject is well again
 */

/** What was looked at, and what of it: `collect` of `BTC_PRICE`. */
export interface Subject {
  /** A stage, `task`, `run`, `schedule`, `stale`, `disk`, …: what has to be well for the subject to be well. */
  readonly what: string;
  readonly subject: string;
  readonly isSymbol: boolean;
  /** When it was last seen so; UTC epoch milliseconds. */
  readonly at: number;
}

/** One root cause as one observation found it. */
export interface Trouble {
  /** Equal for the same root cause, whatever counts, ids and times its messages name. */
  readonly fingerprint: string;
  /** One sentence for people. */
  readonly cause: string;
  /** The venue behind it, where one is. */
  readonly venue: string | null;
  readonly subjects: readonly Subject[];
}

/** What one look found. */
export interface Observation {
  /** UTC epoch milliseconds. */
  readonly at: number;
  /** The run whose end it was. @default none: something looked by itself */
  readonly run?: { readonly runId: string; readonly executionId: string; readonly asOf: number | null };
  readonly troubles: readonly Trouble[];
  /** What was looked at and did its work, since when: well, as far as no trouble says otherwise. */
  readonly looked: readonly Subject[];
  /** Venues that this look says something about. @default all */
  readonly venues?: readonly string[];
}

/** A subject of an open incident. */
export interface TroubledSubject extends Subject {
  readonly asOf: number | null;
  /** UTC epoch milliseconds; null while it is troubled. */
  readonly wellAt: number | null;
}

/** An incident that is not over. */
export interface OpenIncident {
  readonly id: string;
  readonly fingerprint: string;
  readonly venue: string | null;
  readonly subjects: readonly TroubledSubject[];
}

export type IncidentEvent = 'opened' | 'updated' | 'closed';
