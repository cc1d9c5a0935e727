import type { ServerResponse } from 'node:http';
import type { Watcher } from './live-page.ts';

/** A reader that is so far behind is cut off; its browser connects again and is shown the present state. */
const MOST_BEHIND_BYTES = 4 * 1024 * 1024;
/** Says "still there" to whatever stands between, and to the page: one that hears nothing for long connects anew. */
const HEARTBEAT_MS = 15_000;

/** Server-Sent Events on a response: `patch` with a list of replacements, `ended` once. */
export function eventStream(response: ServerResponse, { heartbeatMs = HEARTBEAT_MS } = {}): Watcher & { readonly closed: Promise<void> } {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  const send = (text: string): void => {
    // a reader that has not taken the end yet is sent no more: a write after the end is an error that nobody catches
    if (response.destroyed || response.writableEnded) return;
    response.write(text);
    if (response.writableLength > MOST_BEHIND_BYTES) response.destroy();
  };
  send('retry: 1000\n\n');
  // whoever left while the page was read says so no more
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
