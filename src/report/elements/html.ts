import { DIRECTION } from '../../contracts/text/plain-text.ts';

/**
 * HTML from a template. Everything inserted into `html` is escaped unless it is markup, so a market title cannot become a tag.
 * Write attribute values in double quotes.
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

/** A value in a template: markup is inserted as it is, text is escaped, lists are joined; `null`, `undefined` and `false` add nothing. */
export type Part = Markup | string | number | null | undefined | false | readonly Part[];

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/**
 * Escapes text for use between tags and in quoted attributes. Control characters, which HTML forbids, and direction overrides become `�`.
 */
export const escapeHtml = (text: string): string => (SPECIAL.test(text) ? escapeSpecial(text) : text);

const SPECIAL = /[&<>"'\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

const escapeSpecial = (text: string): string =>
  text
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
    .replace(/(?![\t\n\r])\p{Cc}/gu, '\ufffd')
    .replace(DIRECTION, '\ufffd');

const CHARACTERS: ReadonlyMap<string, string> = new Map(Object.entries(ENTITIES).map(([character, entity]) => [entity, character]));

/** Reverses `escapeHtml`, except for control characters. */
export const unescapeHtml = (text: string): string =>
  text.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => CHARACTERS.get(entity) ?? entity);

/** Marks text as safe markup: only for constants, never for data. */
export const raw = (text: string): Markup => new Markup(text);

/** Template tag for markup: escapes inserted text, keeps inserted markup, joins lists. */
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

/** A value as JSON in a script element of its own; the text cannot end the element. */
export const jsonIsland = (id: string, value: unknown): Markup =>
  html`<script type="application/json" id="${id}">${raw(JSON.stringify(value).replaceAll('<', '\\u003c'))}</script>`;

/** A link if the address begins with http(s), else only the text, so that data cannot add a `javascript:` address. */
export const webLink = (address: string | null, text: string): Markup =>
  address !== null && /^https?:\/\//i.test(address) ? html`<a href="${address}" rel="noreferrer noopener">${text}</a>` : html`${text}`;
