import { createHash } from 'node:crypto';
import { html, Markup, type Part, raw } from '../html.ts';
import { THEME_CSS } from './theme.ts';

export interface PageOptions {
  /** The browser's title. */
  readonly title: string;
  readonly body: Part;
  /** Line at the page's end: what made it, when, licences. */
  readonly footer: Part;
  /** Our own scripts in order: the hashes of their texts, and files beside the page, are all that its policy lets run. */
  readonly scripts?: readonly PageScript[];
  /** The page asks the server it came from. @default false: it asks nobody */
  readonly asksServer?: boolean;
}

/** A script's text, or a file of ours beside the page. */
export type PageScript = string | { readonly file: string };

/** A whole document in one file: no network, no frames, no script but the ones given here; one that is given as a file lies beside it. */
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

const scriptElement = (script: PageScript): Markup => {
  if (typeof script !== 'string') return html`<script src="${script.file}"></script>`;
  // the browser hashes the element's exact content, so a script that would end its element cannot be mended here
  if (/<\/script|<!--/i.test(script)) throw new Error('a page script must not contain </script or <!--');
  return new Markup(`<script>${script}</script>`);
};

const contentPolicy = (scripts: readonly PageScript[], asksServer: boolean): string => {
  const sources = scripts.map((script) =>
    typeof script === 'string' ? `'sha256-${createHash('sha256').update(script).digest('base64')}'` : "'self' file:",
  );
  const allowed = sources.length === 0 ? "'none'" : sources.join(' ');
  return `default-src 'none'; script-src ${allowed}; style-src 'unsafe-inline'; img-src data:;${asksServer ? " connect-src 'self';" : ''} base-uri 'none'; form-action 'none'`;
};
