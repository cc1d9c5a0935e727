import type { GetRequest, VenueClient } from '../../src/sources/http/venue-client.ts';
import { VenueError } from '../../src/sources/http/venue-error.ts';

export const noRoute = (): VenueError => new VenueError('BadInput', 'no such route', { status: 404 });

/** A Gamma that answers by hand, and what it was asked. */
export function gammaStub(answer: (path: string, query: URLSearchParams) => unknown): { client: VenueClient; asked: string[] } {
  const asked: string[] = [];
  const get = async ({ path, query = [] }: GetRequest) => {
    const params = new URLSearchParams(query.map(([name, value]): [string, string] => [name, String(value)]));
    asked.push(`${path}?${params.toString()}`);
    return { json: answer(path, params), path, requests: 1 };
  };
  return { client: { get } as unknown as VenueClient, asked };
}
