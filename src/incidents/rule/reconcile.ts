import type { Observation, OpenIncident, Subject, Trouble, TroubledSubject } from './trouble.ts';

/** A change to the incidents that follows from an observation. */
export type IncidentChange =
  | { readonly type: 'open'; readonly trouble: Trouble }
  /** The trouble was seen again; `news` is true if it has reached another symbol. */
  | { readonly type: 'last'; readonly id: string; readonly trouble: Trouble; readonly news: boolean }
  | { readonly type: 'well'; readonly id: string; readonly subjects: readonly TroubledSubject[]; readonly over: boolean };

/**
 * Compares an observation with the open incidents. There is one incident per root cause, open while any of its subjects is troubled. A
 * subject is well again when a later check, with the same or a later `asOf`, found that its work succeeded, and found neither this trouble
 * nor another one of the same venue.
 */
export function reconcile(open: readonly OpenIncident[], observation: Observation): readonly IncidentChange[] {
  const changes: IncidentChange[] = [];
  const byFingerprint = new Map(open.map((incident) => [incident.fingerprint, incident]));
  const troubles = merged(observation.troubles);
  for (const trouble of troubles) {
    const incident = byFingerprint.get(trouble.fingerprint);
    if (incident === undefined) changes.push({ type: 'open', trouble });
    else changes.push({ type: 'last', id: incident.id, trouble, news: reachesMore(incident, trouble) });
  }
  for (const incident of open) {
    const well = incident.subjects.filter((subject) => subject.wellAt === null && isWell(incident, subject, observation, troubles));
    if (well.length === 0) continue;
    const lasts = troubles.some(({ fingerprint }) => fingerprint === incident.fingerprint);
    const left = incident.subjects.filter((subject) => subject.wellAt === null).length - well.length;
    changes.push({ type: 'well', id: incident.id, subjects: well, over: left === 0 && !lasts });
  }
  return changes;
}

function isWell(incident: OpenIncident, subject: TroubledSubject, observation: Observation, troubles: readonly Trouble[]): boolean {
  const { looked, run, venues } = observation;
  if (incident.venue !== null && venues !== undefined && !venues.includes(incident.venue)) return false;
  if (subject.asOf !== null && run !== undefined && run.asOf !== null && run.asOf < subject.asOf) return false;
  if (!looked.some((one) => sameSubject(one, subject) && one.at > subject.at)) return false;
  return !troubles.some(
    (trouble) =>
      (trouble.fingerprint === incident.fingerprint || (incident.venue !== null && trouble.venue === incident.venue)) &&
      trouble.subjects.some((one) => sameSubject(one, subject)),
  );
}

const sameSubject = (a: Subject, b: Subject): boolean => a.what === b.what && a.subject === b.subject;

const reachesMore = ({ subjects }: OpenIncident, trouble: Trouble): boolean =>
  trouble.subjects.some((one) => one.isSymbol && !subjects.some((known) => known.subject === one.subject));

function merged(troubles: readonly Trouble[]): readonly Trouble[] {
  const byFingerprint = new Map<string, Trouble>();
  for (const trouble of troubles) {
    const known = byFingerprint.get(trouble.fingerprint);
    const subjects = [...(known?.subjects ?? []), ...trouble.subjects];
    byFingerprint.set(trouble.fingerprint, { ...(known ?? trouble), subjects: distinct(subjects) });
  }
  return [...byFingerprint.values()];
}

const distinct = (subjects: readonly Subject[]): readonly Subject[] => [
  ...new Map(subjects.map((one) => [JSON.stringify([one.what, one.subject]), one])).values(),
];
