import { createHash } from 'node:crypto';
import { html, Markup, type Part, raw } from '../html.ts';
import { THEME_CSS } from './theme.ts';

export interface PageOptions {
  readonly title: string;
  readonly body: Part;
  /** The line of navigation above the head. @default none, as on a page that is a file */
  readonly nav?: Part;
  /** Last line of the page: name and version of PredictLab, time, licences. */
  readonly footer: Part;
  /** The page's scripts in order. The content policy allows only these scripts, by hash, and files next to the page. */
  readonly scripts?: readonly PageScript[];
  /** Whether the page uses the window's full width. @default false */
  readonly isWide?: boolean;
  /** Whether the page sends requests to its own server. @default false */
  readonly callsServer?: boolean;
}

/** The icon of every page: two bars and a dot, inline so that no page requests a file. */
const FAVICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='%2300756a' d='M2 8h3v6H2zM7 4h3v10H7z'/%3E%3Ccircle fill='%23b54708' cx='13' cy='4' r='2'/%3E%3C/svg%3E";

/** A page's script: its text, or the name of a file next to the page. */
export type PageScript = string | { readonly file: string };

/** Renders a document that needs no network, and runs no script but the given ones. */
export const page = (options: PageOptions): string => {
  const scripts = options.scripts ?? [];
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${contentPolicy(scripts, options.callsServer === true)}">
<meta name="referrer" content="no-referrer">
<title>${options.title}</title>
<link rel="icon" href="${FAVICON}">
<style>${raw(THEME_CSS)}</style>
</head>
<body${options.isWide === true && html` class="full"`}>
${options.nav}${options.body}
<footer>${options.footer}</footer>
${scripts.map((script) => scriptElement(script))}
</body>
</html>
`;
  return document.text;
};

const scriptElement = (script: PageScript): Markup => {
  if (typeof script !== 'string') return html`<script src="${script.file}"></script>`;
  // The browser hashes the element's exact text, so these strings cannot be escaped in a script.
  if (/<\/script|<!--/i.test(script)) throw new Error('a page script must not contain </script or <!--');
  return new Markup(`<script>${script}</script>`);
};

const contentPolicy = (scripts: readonly PageScript[], callsServer: boolean): string => {
  const sources = scripts.map((script) =>
    typeof script === 'string' ? `'sha256-${createHash('sha256').update(script).digest('base64')}'` : "'self' file:",
  );
  const allowed = sources.length === 0 ? "'none'" : sources.join(' ');
  return `default-src 'none'; script-src ${allowed}; style-src 'unsafe-inline'; img-src data:;${callsServer ? " connect-src 'self';" : ''} base-uri 'none'; form-action 'none'`;
};

/** A page of one sentence, for errors and refusals. */
export const renderNoticePage = (title: string, sentence: string): string =>
  page({
    title,
    body: html`<header><div class="over"><h1>${title}</h1><span class="links"><a href="/">all runs</a></span></div></header><main><p>${sentence}</p></main>`,
    footer: html`PredictLab`,
  });
