import type { ServerResponse } from 'node:http';
import type { Watcher } from './live-page.ts';

/** A reader that is this far behind is disconnected; its browser connects again and gets the present state. */
const MAX_BEHIND_BYTES = 4 * 1024 * 1024;
/** Keeps proxies from closing the connection; a page that gets nothing for long connects again. */
const HEARTBEAT_MS = 15_000;

/** Server-Sent Events on a response: `patch` with a list of replacements, `ended` once. */
export function eventStream(response: ServerResponse, { heartbeatMs = HEARTBEAT_MS } = {}): Watcher & { readonly closed: Promise<void> } {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  const send = (text: string): void => {
    // a write after the end would be an uncaught error
    if (response.destroyed || response.writableEnded) return;
    response.write(text);
    if (response.writableLength > MAX_BEHIND_BYTES) response.destroy();
  };
  send('retry: 1000\n\n');
  // a reader that left while the page was read emits no close event any more
  const gone = response.destroyed || response.closed;
  const beat = setInterval(() => send('event: beat\ndata: {}\n\n'), heartbeatMs);
  beat.unref();
  const closed = new Promise<void>((resolve) => {
    const end = (): void => {
      clearInterval(beat);
      resolve();
    };
    if (gone) end();
    else response.once('close', end);
  });
  return {
    patch: (patches) => send(`event: patch\ndata: ${patches}\n\n`),
    still: (isStill) => send(`event: still\ndata: ${isStill}\n\n`),
    ended: () => {
      send('event: ended\ndata: {}\n\n');
      clearInterval(beat);
      response.end();
    },
    closed,
  };
}
