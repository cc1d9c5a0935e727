import type { Alert, Incident, IncidentEvent } from '../../contracts/incident.ts';
import { oneLine } from '../../contracts/text/plain-text.ts';

/** An alert as a sink receives it. Messages with the same key are the same alert, sent again. */
export interface Message {
  /** A hash of the database, followed by `-incident-7-opened` or, for an update, by `-incident-7-updated-31`. */
  readonly key: string;
  readonly alert: Alert;
}

/** A destination of alerts. */
export interface Sink {
  /** The sink's name in `predictlab incidents` and in the log. */
  readonly name: string;
  /** Resolves once the other side has accepted the message. @throws Error with the other side's reason */
  send(message: Message): Promise<void>;
}

const NAMED = 5;

/** Makes a text one line and replaces `<` and `>`, because chat tools turn `<…>` into links and mentions. */
const plain = (text: string): string => oneLine(text).replaceAll('<', '‹').replaceAll('>', '›');

/**
 * Builds the alert of an event, with a text that a reader understands without context. All names and messages are made plain, because some
 * come from venues and plugins.
 * @param why reason for closing @default every subject is well again
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
