import { expect, it } from 'vitest';
import { incidentLine } from '../../src/report/elements/incident-line.ts';
import { type IncidentRow, renderIncidentsPage } from '../../src/report/site/incidents-page.ts';

const NOW = Date.parse('2026-11-24T12:00Z');
const incident = (id: string, more: Partial<IncidentRow> = {}): IncidentRow => ({
  id,
  cause: `collect: SourceUnavailable: venue ${id} answered 503`,
  severity: 'normal',
  openedAt: '2026-11-24T08:00:00.000Z',
  closedAt: null,
  runs: ['run-1'],
  symbols: ['AAA'],
  deliveries: [],
  ...more,
});

it('the head of a page names every open incident with its cause, and without an id that could be taken for a count', () => {
  const { text } = incidentLine([incident('1'), incident('2'), incident('3')], true);
  expect(text).toContain('<a href="/incidents"><b>3 incidents open</b></a>');
  for (const id of ['1', '2', '3']) expect(text).toContain(`venue ${id} answered 503`);
  expect(text).not.toMatch(/open<\/b><\/a>: \d/);
  expect(text).not.toMatch(/: *; /);
  expect(text).toContain('(since 2026-11-24 08:00Z)');
  const closed = incidentLine([incident('5', { closedAt: '2026-11-24T10:00:00.000Z' })]).text;
  expect(closed).toContain('1 incident, closed since');
  expect(closed).toContain('(since 2026-11-24 08:00Z, closed 2026-11-24 10:00Z)');
  const many = (count: number) => incidentLine(Array.from({ length: count }, (_, i) => incident(String(i)))).text;
  expect(many(10)).not.toContain('more');
  expect(many(11)).toContain('venue 9 answered 503');
  expect(many(11)).toContain(' and 1 more incident<');
  const long = incidentLine([incident('4', { cause: `collect: ${'the venue answered 503 '.repeat(20)}` })]).text;
  expect(long).toMatch(/(the|venue|answered|503) …/);
});

it('the incidents page shows open and closed incidents with cause, effect, time and the delivery of each alert', () => {
  const delivery = { event: 'opened', sink: 'webhook', deliveredAt: NOW, attempts: 1, error: null } as const;
  const waiting = { event: 'opened', sink: 'e-mail', deliveredAt: null, attempts: 3, error: 'connection refused' } as const;
  const page = renderIncidentsPage(
    [incident('7', { deliveries: [delivery, waiting] }), incident('6', { closedAt: '2026-11-24T10:00:00.000Z' })],
    { now: NOW, madeBy: 'PredictLab' },
  );
  expect(page).toContain('<h1>1 open incident</h1>');
  expect(page).toContain('href="/runs/run-1"');
  expect(page).toContain('href="/symbols/AAA"');
  expect(page).toMatch(/e-mail <span class="down">waiting, 3 attempts: connection refused/);
  expect(page).toContain('<a href="/incidents" aria-current="page">Incidents</a>');
  expect(page).toContain('2 h 00 m');
});
