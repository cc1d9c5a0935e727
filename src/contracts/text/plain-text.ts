/** Makes foreign text safe to show: it must not move the cursor, write the clipboard, set colours, or reverse a line. */

/**
 * Matches control characters, which start escape sequences, and characters that change how others show: direction overrides, line
 * separators, invisible ones. Does not match the characters that join letters in some scripts.
 */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]|(?![\u200c\u200d])\p{Cf}/gu;
const UNSEEN_BUT_LINES = /(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]|(?![\u200c\u200d])\p{Cf}/gu;
/** Matches the same characters in JSON text, where control characters below a space are escaped already. */
const UNSEEN_IN_JSON = /[\u007f-\u009f\u2028\u2029\ud800-\udfff]|(?![\u200c\u200d])\p{Cf}/gu;

/** Turns text into one line and collapses its blanks. */
export const oneLine = (text: string): string => text.replace(UNSEEN, ' ').replace(/ {2,}/g, ' ').trim();

/** Turns text into one line and keeps its blanks. */
export const cellText = (text: string): string => text.replace(UNSEEN, ' ');

/** Replaces invisible characters by blanks, except line breaks and tabs. */
export const visibleText = (text: string): string => text.replace(UNSEEN_BUT_LINES, ' ');

/** Escapes invisible characters of a JSON text, so that it parses to the same value. */
export const visibleJson = (json: string): string =>
  json.replace(UNSEEN_IN_JSON, (character) =>
    [...Array(character.length).keys()].map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  );

/** Matches characters that change the direction of writing, which would reverse the text around them. */
export const DIRECTION = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Quotes a text as one word of a shell command; words without special characters stay unquoted. */
export const shellWord = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`);
