import type { Http } from '../../src/sources/http/venue-client.ts';
import { VenueError } from '../../src/sources/http/venue-error.ts';

export const noRoute = (): VenueError => new VenueError('BadInput', 'no such route', { status: 404 });

/** A host that answers by hand, and what it was asked. */
export function gammaStub(answer: (path: string, query: URLSearchParams) => unknown): { client: Http; asked: string[] } {
  const asked: string[] = [];
  const client: Http = {
    clock: Date.now(),
    memory: new Map(),
    async get(path, query = []) {
      const params = new URLSearchParams(query.map(([name, value]): [string, string] => [name, String(value)]));
      asked.push(`${path}?${params.toString()}`);
      return answer(path, params);
    },
  };
  return { client, asked };
}
