import { createHash } from 'node:crypto';
import { html, Markup, type Part, raw } from './html.ts';
import { THEME_CSS } from './theme.ts';

export interface PageOptions {
  /** The browser's title. */
  readonly title: string;
  readonly body: Part;
  /** Line at the page's end: what made it, when, licences. */
  readonly footer: Part;
  /** Our own scripts in order; their hashes are all that the page's policy lets run. */
  readonly scripts?: readonly string[];
  /** The page asks the server it came from. @default false: it asks nobody */
  readonly asksServer?: boolean;
}

/** A whole document in one file: no network, no frames, no script but the ones given here. */
export const page = (options: PageOptions): string => {
  const scripts = options.scripts ?? [];
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${contentPolicy(scripts, options.asksServer === true)}">
<meta name="referrer" content="no-referrer">
<title>${options.title}</title>
<link rel="icon" href="data:,">
<style>${raw(THEME_CSS)}</style>
</head>
<body>
${options.body}
<footer>${options.footer}</footer>
${scripts.map((script) => scriptElement(script))}
</body>
</html>
`;
  return document.text;
};

const scriptElement = (script: string): Markup => {
  // the browser hashes the element's exact content, so a script that would end its element cannot be mended here
  if (/<\/script|<!--/i.test(script)) throw new Error('a page script must not contain </script or <!--');
  return new Markup(`<script>${script}</script>`);
};

const contentPolicy = (scripts: readonly string[], asksServer: boolean): string => {
  const hashes = scripts.map((script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`);
  const allowed = hashes.length === 0 ? "'none'" : hashes.join(' ');
  return `default-src 'none'; script-src ${allowed}; style-src 'unsafe-inline'; img-src data:;${asksServer ? " connect-src 'self';" : ''} base-uri 'none'; form-action 'none'`;
};
