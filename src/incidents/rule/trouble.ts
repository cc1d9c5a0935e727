/**
 * The terms of incidents:
 *
 * - trouble: something wrong with some subjects, seen once, for example at the end of a run or by a check of the disk
 * - subject: a symbol, a custom task, a schedule, or a line (all runs of one input)
 * - observation: the result of one check, with its troubles and the subjects whose work succeeded
 * - incident: one root cause, from its first trouble until every subject is well again
 */

/** One aspect of a symbol, custom task, schedule or line that is watched, such as `collect` of `BTC_PRICE`. */
export interface Subject {
  /** The aspect that has to be well: a stage, `task`, `run`, `schedule`, `stale`, `disk`, … */
  readonly what: string;
  readonly subject: string;
  readonly isSymbol: boolean;
  /** When the subject was last checked; UTC epoch milliseconds. */
  readonly at: number;
}

/** A root cause that an observation found, and the subjects that it affects. */
export interface Trouble {
  /** Identifies the root cause. It does not depend on the counts, ids and times in messages. */
  readonly fingerprint: string;
  readonly cause: string;
  /** `low`: the incident is listed, but no alert is sent. @default "normal" */
  readonly severity?: 'low';
  /** The venue that causes the trouble; null where no venue does. */
  readonly venue: string | null;
  readonly subjects: readonly Subject[];
}

export interface Observation {
  /** UTC epoch milliseconds. */
  readonly at: number;
  /** The ended run that was observed. @default none: the observation is a check of the watch */
  readonly run?: { readonly runId: string; readonly executionId: string; readonly asOf: number | null };
  readonly troubles: readonly Trouble[];
  /** Subjects that were checked and whose work succeeded. They count as well unless a trouble of the observation names them. */
  readonly looked: readonly Subject[];
  /** Venues about which the observation can tell that they work again. @default all */
  readonly venues?: readonly string[];
}

export interface TroubledSubject extends Subject {
  readonly asOf: number | null;
  /** When the subject was well again; UTC epoch milliseconds, null while it is troubled. */
  readonly wellAt: number | null;
}

export interface OpenIncident {
  readonly id: string;
  readonly fingerprint: string;
  readonly venue: string | null;
  readonly subjects: readonly TroubledSubject[];
}
