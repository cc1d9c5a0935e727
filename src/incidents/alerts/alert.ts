import type { Alert, Incident, IncidentEvent } from '../../contracts/incident.ts';
import { oneLine } from '../../contracts/text/plain-text.ts';

/** An alert as a sink receives it; a repeated key means the same alert. */
export interface Message {
  /** `incident-7-opened`, with the database's mark before it; updates carry a number: `incident-7-updated-31`. */
  readonly key: string;
  readonly alert: Alert;
}

/** A destination of alerts. */
export interface Sink {
  /** Name in `predictlab incidents` and in the log. */
  readonly name: string;
  /** Resolves once the other side has accepted the message. @throws Error with the other side's reason */
  send(message: Message): Promise<void>;
}

const NAMED = 5;

/** Makes a text one line without links and mentions, which chat tools read from `<…>`. */
const plain = (text: string): string => oneLine(text).replaceAll('<', '‹').replaceAll('>', '›');

/**
 * Builds the alert of an event, whose text needs no context. Venues and plugins write the names and messages, so all are made plain.
 * @param why reason for closing, where it is not that every subject is well again
 */
export function alertOf(event: IncidentEvent, given: Incident, why?: string): Alert {
  const incident = { ...given, cause: plain(given.cause), runs: given.runs.map(plain), symbols: given.symbols.map(plain) };
  const { id, cause, symbols, runs, openedAt, closedAt } = incident;
  const named = symbols.slice(0, NAMED).join(', ');
  const affected = symbols.length === 0 ? '' : ` (${named}${symbols.length > NAMED ? ` and ${symbols.length - NAMED} more` : ''})`;
  const run = runs.at(-1);
  const where = run === undefined ? '' : `, ${event === 'opened' ? 'run' : 'last in run'} ${run}`;
  const since = openedAt.slice(0, 16).replace('T', ' ');
  const texts: Readonly<Record<IncidentEvent, string>> = {
    opened: `PredictLab incident ${id} opened: ${cause}${affected}${where}`,
    updated: `PredictLab incident ${id} has reached more symbols${affected}: ${cause}${where}`,
    closed: `PredictLab incident ${id} closed${why === undefined ? '' : ` (${plain(why)})`} after ${lengthOf(openedAt, closedAt)}: ${cause}${affected}, open since ${since}Z`,
  };
  return { event, text: texts[event], incident };
}

function lengthOf(from: string, to: string | null): string {
  const minutes = Math.max(0, Math.round((Date.parse(to ?? from) - Date.parse(from)) / 60_000));
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}
