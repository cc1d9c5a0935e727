import { describe, expect, it } from 'vitest';
import type { Http } from '../../src/sources/http/venue-client.ts';
import { VenueError } from '../../src/sources/http/venue-error.ts';
import { listEvents } from '../../src/sources/polymarket/catalogue/gamma.ts';
import { gammaStub } from './gamma-stub.ts';

async function all(client: Http): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const page of listEvents(client, [['tag_slug', 'crypto']])) items.push(...page);
  return items;
}

const numbers = (from: number, count: number): number[] => Array.from({ length: count }, (_, index) => from + index);

describe('a listing of events', () => {
  it('is read by cursor, with the same filters on every page', async () => {
    const { client, asked } = gammaStub((_, query) =>
      query.has('after_cursor') ? { events: numbers(100, 20), next_cursor: null } : { events: numbers(0, 100), next_cursor: 'a' },
    );
    expect(await all(client)).toEqual(numbers(0, 120));
    expect(asked).toEqual(['/events/keyset?tag_slug=crypto&limit=100', '/events/keyset?tag_slug=crypto&limit=100&after_cursor=a']);
  });

  it.each([404, 405, 410, 422, 301])('is read by offset when the cursor route answers %i', async (status) => {
    const { client, asked } = gammaStub((path, query) => {
      if (path.endsWith('keyset')) throw new VenueError(status === 301 ? 'SourceBlocked' : 'BadInput', 'no such route', { status });
      return numbers(Number(query.get('offset')), query.get('offset') === '0' ? 100 : 7);
    });
    expect(await all(client)).toEqual(numbers(0, 107));
    expect(asked.slice(1)).toEqual(['/events?tag_slug=crypto&limit=100&offset=0', '/events?tag_slug=crypto&limit=100&offset=100']);
  });

  it('ends when a cursor leads to itself', async () => {
    const { client, asked } = gammaStub(() => ({ events: [1], next_cursor: 'a' }));
    await expect(all(client)).rejects.toMatchObject({
      type: 'SourceSchemaChanged',
      message: expect.stringContaining('come to an end') as string,
    });
    expect(asked).toHaveLength(2);
  });

  it('requests a page again that the venue repeats, so that no event is lost', async () => {
    let asked = 0;
    const { client } = gammaStub((_, query) => {
      const from = Number(query.get('after_cursor') ?? 0);
      const events = numbers(from === 100 && ++asked < 3 ? 0 : from, 100).map((id) => ({ id: String(id), volume: asked }));
      return { events, next_cursor: from === 200 ? null : String(from + 100) };
    });
    expect(await all(client)).toHaveLength(300);
  });

  it('fails where each cursor leads to the same page and to a new cursor, and where pages stay empty', async () => {
    const repeated = gammaStub((_, query) => ({ events: [{ id: '1' }], next_cursor: `${query.get('after_cursor') ?? ''}a` }));
    await expect(all(repeated.client)).rejects.toMatchObject({ type: 'SourceSchemaChanged' });
    expect(repeated.asked).toHaveLength(5);
    const empty = gammaStub((_, query) => ({ events: [], next_cursor: `${query.get('after_cursor') ?? ''}a` }));
    await expect(all(empty.client)).rejects.toMatchObject({ message: expect.stringContaining('come to an end') as string });
  });

  it('ends when cursors form a longer circle, and when the venue ignores the offset', async () => {
    const next: Record<string, string> = { '': 'a', a: 'b', b: 'a' };
    const circle = gammaStub((_, query) => {
      const cursor = query.get('after_cursor') ?? '';
      return { events: [cursor], next_cursor: next[cursor] };
    });
    await expect(all(circle.client)).rejects.toMatchObject({ type: 'SourceSchemaChanged' });
    expect(circle.asked).toHaveLength(3);
    const still = gammaStub((path) => {
      if (path.endsWith('keyset')) throw new VenueError('BadInput', 'no such route', { status: 404 });
      return numbers(0, 100);
    });
    await expect(all(still.client)).rejects.toMatchObject({ type: 'SourceSchemaChanged' });
    expect(still.asked).toHaveLength(3);
  });
});
