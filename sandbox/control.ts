import type { IncomingMessage } from 'node:http';
import { type Answer, json } from './answer.ts';
import type { Faults } from './faults.ts';
import type { LoggedRequest } from './request-log.ts';
import type { Truth } from './truth.ts';

/** The parts of the sandbox venue that can be read and changed over HTTP. */
export interface Controls {
  readonly truth: Truth;
  readonly requests: LoggedRequest[];
  faults(): Faults;
  setFaults(faults: Faults): void;
  addLateTrades(instrument: string, count: number): void;
}

/** Answers the control routes, for a sandbox that runs in its own process. */
export async function controlAnswer(
  venue: () => Controls,
  request: IncomingMessage,
  path: string,
  query: URLSearchParams,
): Promise<Answer> {
  const post = request.method === 'POST';
  const { truth, requests } = venue();
  const instrument = query.get('instrument') ?? '';
  switch (path) {
    case '/control/faults':
      if (post) venue().setFaults((await bodyOf(request)) as Faults);
      return json(venue().faults());
    case '/control/requests':
      if (post) requests.length = 0;
      return json(requests);
    case '/control/late': {
      const { instrument: id, count } = (await bodyOf(request)) as { instrument: string; count: number };
      venue().addLateTrades(id, count);
      return json({ added: count });
    }
    case '/control/instruments':
      return json(truth.instruments());
    case '/control/ticks':
      return json(truth.ticks(instrument));
    default:
      return json({ error: 'see sandbox/README.md for the control routes' }, 404);
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString() || '{}') as unknown;
}
