/** Foreign text where somebody reads it: it must not move a cursor, write a clipboard, colour a screen, or turn a line around. */

/**
 * Control characters (with escape sequences' first one), and characters that change how those beside them are shown: overrides of the
 * writing direction, separators of lines, invisible ones. Those that join letters in some scripts stay.
 */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]|(?![\u200c\u200d])\p{Cf}/gu;
const UNSEEN_BUT_LINES = /(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]|(?![\u200c\u200d])\p{Cf}/gu;
/** Of what a JSON text has as it is: quotes and characters below a space are escaped in it already. */
const UNSEEN_IN_JSON = /[\u007f-\u009f\u2028\u2029\ud800-\udfff]|(?![\u200c\u200d])\p{Cf}/gu;

/** One line of words, whatever it was. */
export const oneLine = (text: string): string => text.replace(UNSEEN, ' ').replace(/ {2,}/g, ' ').trim();

/** One line whose spaces stay. */
export const cellText = (text: string): string => text.replace(UNSEEN, ' ');

/** Lines and columns stay, everything else that is not seen becomes a space. */
export const seenText = (text: string): string => text.replace(UNSEEN_BUT_LINES, ' ');

/** A JSON text that reads back the same and shows nothing but what it says. */
export const seenJson = (json: string): string =>
  json.replace(UNSEEN_IN_JSON, (character) =>
    [...Array(character.length).keys()].map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  );

/** Overrides of the writing direction, which would turn around what stands beside them; isolates too, which may be left open. */
export const DIRECTION = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
