import type { PipelineResult } from '../../src/contracts/run/pipeline-status.ts';
import { listIncidents } from '../../src/incidents/rows/incidents.ts';
import { VENUES } from './plan.ts';
import type { YearStack } from './stack.ts';

/** Matches the reasons of runs in which a venue took back a close or a result. */
const TAKEN_BACK = /calls it open again|settles it at|that it has no result/;

/** More of a kind are only counted. */
const NAMED = 10;

/** The incidents to expect, from the venues that were away when runs ended. */
export class Injected {
  readonly #open = new Set<string>();
  #opened = 0;
  #takenBack = 0;
  readonly #unexplained: string[] = [];

  /** Records how a run ended while these venues were away. */
  ended(result: PipelineResult | undefined, down: ReadonlySet<string>): void {
    if (result === undefined || result.result === 'cancelled') return;
    for (const venue of VENUES) {
      if (down.has(venue) && !this.#open.has(venue)) this.#opened++;
      if (down.has(venue)) this.#open.add(venue);
      else this.#open.delete(venue);
    }
    const reported = result.reasons.filter((reason) => TAKEN_BACK.test(reason)).length;
    this.#takenBack += reported;
    if (down.size === 0 && result.result !== 'success' && (reported === 0 || reported < result.reasons.length))
      this.#unexplained.push(`${result.runId} is ${result.result}: ${result.reasons.join('; ')}`);
  }

  async compare({
    database,
    alerts,
    waits,
  }: YearStack): Promise<{ incidents: number; outages: number; takenBack: number; wrong: readonly string[] }> {
    const wrong = named(this.#unexplained);
    // what is in the outbox is sent within seconds
    await waits
      .until('the delivery of every alert', 60_000, async () => {
        const { rows } = await database.query<{ waiting: number }>(
          'select count(*)::int as waiting from alert_deliveries where told_at is null',
        );
        if (rows[0].waiting > 0) throw new Error(`${rows[0].waiting} wait`);
      })
      .catch((error: unknown) => wrong.push(String(error)));
    const incidents = await listIncidents(database, { open: false, limit: 100_000 });
    const away = incidents.filter(({ cause }) => /SourceUnavailable/.test(cause));
    if (away.length !== this.#opened) wrong.push(`${this.#opened} outages that a run met, but ${away.length} incidents of them`);
    const reported: string[] = [];
    for (const { id, cause, closedAt } of incidents) {
      if (closedAt === null) reported.push(`incident ${id} is still open: ${cause}`);
      const events = [...alerts.values()].filter(({ incident }) => incident.id === id).map(({ event }) => event);
      const times = (wanted: string): number => events.filter((event) => event === wanted).length;
      if (times('opened') !== 1 || (closedAt !== null && times('closed') !== 1) || events[0] !== 'opened')
        reported.push(`incident ${id} was sent ${events.join(', ') || 'to nobody'}`);
    }
    const others = incidents
      .filter((incident) => !away.includes(incident) && !TAKEN_BACK.test(incident.cause))
      .map(({ cause }) => `an incident that was not injected: ${cause}`);
    return {
      incidents: incidents.length,
      outages: this.#opened,
      takenBack: this.#takenBack,
      wrong: [...wrong, ...named(reported), ...named(others)],
    };
  }
}

const named = (lines: readonly string[]): string[] =>
  lines.length <= NAMED ? [...lines] : [...lines.slice(0, NAMED), `and ${lines.length - NAMED} more of this kind`];
