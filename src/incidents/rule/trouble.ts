/**
 * The words of incidents.
 *
 * - trouble: something wrong with some subjects, seen once, for example at the end of a run or by a check of the disk
 * - subject: a symbol, a custom task, a schedule, or a line (all runs of one input)
 * - observation: the result of one check: its troubles, and the subjects that are well
 * - incident: one root cause, from its first trouble until every subject is well again
 */

/** One aspect of one thing that is watched: `collect` of `BTC_PRICE`. */
export interface Subject {
  /** The aspect that has to be well: a stage, `task`, `run`, `schedule`, `stale`, `disk`, … */
  readonly what: string;
  readonly subject: string;
  readonly isSymbol: boolean;
  /** When the subject was last looked at; UTC epoch milliseconds. */
  readonly at: number;
}

/** One root cause in one observation. */
export interface Trouble {
  /** Equal for the same root cause, whatever counts, ids and times the messages contain. */
  readonly fingerprint: string;
  readonly cause: string;
  /** `low`: it is listed, and no alert is sent. @default "normal" */
  readonly severity?: 'low';
  /** The venue that causes the trouble; null where no venue does. */
  readonly venue: string | null;
  readonly subjects: readonly Subject[];
}

export interface Observation {
  /** UTC epoch milliseconds. */
  readonly at: number;
  /** The run that ended. @default none: the watch made the observation */
  readonly run?: { readonly runId: string; readonly executionId: string; readonly asOf: number | null };
  readonly troubles: readonly Trouble[];
  /** Subjects that were checked and whose work succeeded. They count as well unless a trouble of the observation names them. */
  readonly looked: readonly Subject[];
  /** Venues that the observation covers. @default all */
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
