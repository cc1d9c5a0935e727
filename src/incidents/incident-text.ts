import type { IncidentEvent } from './trouble.ts';

/** An incident as users see it. Times are ISO 8601, UTC. */
export interface Incident {
  readonly id: string;
  /** One sentence. */
  readonly cause: string;
  readonly openedAt: string;
  /** null while it lasts */
  readonly closedAt: string | null;
  /** Runs that met it, the first one first. */
  readonly runs: readonly string[];
  /** Symbols that it has reached. */
  readonly symbols: readonly string[];
}

/** What a sink is told; the body of the webhook. */
export interface Alert {
  readonly event: IncidentEvent;
  /** What chat tools show. */
  readonly text: string;
  readonly incident: Incident;
}

const NAMED = 5;

/** The alert of an event; its text stands alone. @param why what ended it, where it is not that all is well */
export function alertOf(event: IncidentEvent, incident: Incident, why?: string): Alert {
  const { id, cause, symbols, runs, openedAt, closedAt } = incident;
  const named = symbols.slice(0, NAMED).join(', ');
  const whom = symbols.length === 0 ? '' : ` (${named}${symbols.length > NAMED ? ` and ${symbols.length - NAMED} more` : ''})`;
  const run = runs.at(-1);
  const where = run === undefined ? '' : `, ${event === 'opened' ? 'run' : 'last in run'} ${run}`;
  const since = openedAt.slice(0, 16).replace('T', ' ');
  const texts: Readonly<Record<IncidentEvent, string>> = {
    opened: `PredictLab incident ${id} opened: ${cause}${whom}${where}`,
    updated: `PredictLab incident ${id} has reached more symbols${whom}: ${cause}${where}`,
    closed: `PredictLab incident ${id} closed${why === undefined ? '' : ` (${why})`} after ${lasted(openedAt, closedAt)}: ${cause}${whom}, open since ${since}Z`,
  };
  return { event, text: texts[event], incident };
}

function lasted(from: string, to: string | null): string {
  const minutes = Math.max(0, Math.round((Date.parse(to ?? from) - Date.parse(from)) / 60_000));
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}
