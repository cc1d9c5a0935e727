import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveUi } from '../../src/ui/serve-ui.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';
import { gate } from '../support/stages.ts';

describe('live pages that are closed', () => {
  let stored: TestDatabase;
  beforeAll(async () => {
    stored = await testDatabase();
  });
  afterAll(async () => await stored?.close());

  /** Pages whose plan waits for the test, and then reads the database. */
  const served = async () => {
    const [asked, held] = [gate(), gate()];
    const [said, order]: string[][] = [[], []];
    const line = (text: string, fields?: unknown): void => void said.push(`${text} ${JSON.stringify(fields ?? {})}`);
    const ui = await serveUi({
      database: stored.database,
      home: '/nowhere',
      lab: async () => undefined,
      plan: async () => {
        asked.open();
        await held.opened;
        await stored.database.query('select 1');
        order.push('read');
        return [];
      },
      port: 0,
      log: { debug: line, info: line, warn: line, error: line },
    });
    return { ui, asked, held, said, order };
  };

  it('answer the open requests before their database connection closes, accept no new requests and log nothing', async () => {
    const { ui, asked, held, said, order } = await served();
    const plan = fetch(`${ui.address}/plan`).then(async (answer) => ({ status: answer.status, text: await answer.text() }));
    await asked.opened;
    const closing = ui.close().then(() => order.push('closed'));
    expect((await fetch(`${ui.address}/`)).status).toBe(503);
    expect(order).toEqual([]);
    held.open();
    const [{ status, text }] = await Promise.all([plan, closing]);
    expect({ order, status }).toEqual({ order: ['read', 'closed'], status: 200 });
    expect(text).toContain('</html>');
    expect(said).toEqual([]);
  });

  it('no longer read the runs that they showed', async () => {
    const { ui, said } = await served();
    expect(await (await fetch(`${ui.address}/changes`)).json()).toMatchObject({ ended: false });
    expect(ui.watched()).toBe(1);
    await ui.close();
    expect({ said, watched: ui.watched() }).toEqual({ said: [], watched: 0 });
  });
});
