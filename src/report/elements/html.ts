import { DIRECTION } from '../../contracts/text/plain-text.ts';

/**
 * HTML by template: everything that is put into `html` is escaped unless it is markup itself, so a market title cannot become
 * a tag. Attribute values stand in double quotes in every template.
 */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** What a template takes: markup as it is, text and numbers escaped, lists joined, `null`, `undefined` and `false` as nothing. */
export type Part = Markup | string | number | null | undefined | false | readonly Part[];

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/**
 * Text as it may stand between tags and in quoted attributes. Control characters, which HTML forbids, become `�`, and so do overrides of
 * the writing direction: a title must not turn around what stands beside it.
 */
export const escapeHtml = (text: string): string => (SPECIAL.test(text) ? escapeSpecial(text) : text);

const SPECIAL = /[&<>"'\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

const escapeSpecial = (text: string): string =>
  text
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
    .replace(/(?![\t\n\r])\p{Cc}/gu, '\ufffd')
    .replace(DIRECTION, '\ufffd');

const CHARACTERS: ReadonlyMap<string, string> = new Map(Object.entries(ENTITIES).map(([character, entity]) => [entity, character]));

/** What `escapeHtml` was given, control characters aside. */
export const unescapeHtml = (text: string): string =>
  text.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => CHARACTERS.get(entity) ?? entity);

/** Markup that is known to be safe: our own constants, never data. */
export const raw = (text: string): Markup => new Markup(text);

/** Markup from a template: what is put in is escaped, unless it is markup already; lists are joined. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Markup => {
  let text = strings[0] ?? '';
  for (let i = 0; i < parts.length; i += 1) text += render(parts[i]) + (strings[i + 1] ?? '');
  return new Markup(text);
};

const render = (part: Part): string => {
  if (part === null || part === undefined || part === false) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'string') return escapeHtml(part);
  if (typeof part === 'number') return String(part);
  let text = '';
  for (const one of part) text += render(one);
  return text;
};

/** JSON for a `<script type="application/json">`: parses back to the same value and cannot end the element. */
export const jsonIsland = (id: string, value: unknown): Markup =>
  html`<script type="application/json" id="${id}">${raw(JSON.stringify(value).replaceAll('<', '\\u003c'))}</script>`;

/** A link where the address is a web page; else the bare text: no `javascript:` from data. */
export const webLink = (address: string | null, text: string): Markup =>
  address !== null && /^https?:\/\//i.test(address) ? html`<a href="${address}" rel="noreferrer noopener">${text}</a>` : html`${text}`;
