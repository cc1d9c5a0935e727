import { describe, expect, it } from 'vitest';
import { reconcile } from '../../../src/incidents/rule/reconcile.ts';
import type { Observation, OpenIncident, Trouble } from '../../../src/incidents/rule/trouble.ts';

const subject = (name: string, at: number, what = 'collect') => ({ what, subject: name, isSymbol: true, at });
const trouble = (fingerprint: string, ...subjects: Trouble['subjects']): Trouble => ({
  fingerprint,
  cause: fingerprint,
  venue: null,
  subjects,
});
const open: OpenIncident = {
  id: '1',
  fingerprint: 'gap',
  venue: 'polymarket',
  subjects: [{ ...subject('AAA', 10), asOf: 100, wellAt: null }],
};
const look = (more: Partial<Observation>): Observation => ({ at: 20, troubles: [], looked: [subject('AAA', 15)], ...more });
const run = (asOf: number) => ({ runId: 'r', executionId: 'e', asOf });

describe('an incident', () => {
  it('closes once every subject was checked after the trouble and was well', () => {
    expect(reconcile([open], look({ run: run(104) }))).toMatchObject([{ type: 'well', over: true }]);
    const two = { ...open, subjects: [...open.subjects, { ...subject('BBB', 10), asOf: 100, wellAt: null }] };
    expect(reconcile([two], look({ run: run(104) }))).toMatchObject([{ type: 'well', over: false }]);
    expect(reconcile([two], look({ looked: [subject('AAA', 15), subject('BBB', 15)] }))).toMatchObject([{ over: true }]);
  });

  it('closes after a check as of the same instant, but not after one that started together with the trouble', () => {
    const isOver = (more: Partial<Observation>) => reconcile([open], look(more)).some(({ type }) => type === 'well');
    expect([isOver({ run: run(100) }), isOver({ looked: [subject('AAA', 10)] }), isOver({ looked: [subject('AAA', 11)] })]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('closes even if its subject has another trouble now, unless that trouble is of the same venue', () => {
    const elsewhere = { ...trouble('blocked', subject('AAA', 15)), venue: 'predict' };
    expect(reconcile([open], look({ troubles: [elsewhere] }))).toContainEqual(expect.objectContaining({ type: 'well', over: true }));
    const noVenue = trouble('full disk', subject('AAA', 15));
    expect(reconcile([{ ...open, venue: null }], look({ troubles: [noVenue] }))).toContainEqual(
      expect.objectContaining({ type: 'well', over: true }),
    );
  });

  it.each([
    ['that began before the trouble', look({ looked: [subject('AAA', 9)] })],
    ['as of an earlier instant', look({ run: run(99) })],
    ['at another venue', look({ venues: ['predict'] })],
    ['of another stage', look({ looked: [subject('AAA', 15, 'store')] })],
    ['of another symbol', look({ looked: [subject('BBB', 15)] })],
    [
      'that met another trouble of the same venue',
      look({ troubles: [{ ...trouble('blocked', subject('AAA', 15)), venue: 'polymarket' }] }),
    ],
  ])('does not close after a check %s', (_, observation) => {
    expect(reconcile([open], observation).filter(({ type }) => type === 'well')).toEqual([]);
  });

  it('stays open, and sends an update only when it affects another symbol', () => {
    expect(reconcile([open], look({ troubles: [trouble('gap', subject('AAA', 15))] }))).toMatchObject([{ type: 'last', news: false }]);
    expect(reconcile([open], look({ troubles: [trouble('gap', subject('AAA', 15)), trouble('gap', subject('BBB', 15))] }))).toMatchObject([
      { type: 'last', news: true, trouble: { subjects: [{ subject: 'AAA' }, { subject: 'BBB' }] } },
    ]);
  });

  it('is over for a symbol that is well again, and stays open for another symbol that has the trouble now', () => {
    const changes = reconcile([open], look({ troubles: [trouble('gap', subject('BBB', 15))] }));
    expect(changes).toMatchObject([
      { type: 'last', news: true },
      { type: 'well', subjects: [{ subject: 'AAA' }], over: false },
    ]);
  });
});
