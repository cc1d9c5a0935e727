/** As `TaskError`. */
interface Told {
  readonly type: string;
  readonly message: string;
  readonly stack?: string;
}

/** An error as it travels and as it is kept, of one task. Characters. */
const LONGEST_TYPE = 100;
/** Characters of an error’s message that travel and are kept. */
export const LONGEST_MESSAGE = 4_000;
/** Characters of an error’s stack that travel and are kept. */
export const LONGEST_STACK = 8_000;

/** A text of at most so many characters; one that was cut ends with `…`. */
export function cutText(text: string, longest: number): string {
  if (text.length <= longest) return text;
  // Half a surrogate pair is no character.
  const end = isHighSurrogate(text.charCodeAt(longest - 2)) ? longest - 2 : longest - 1;
  return `${text.slice(0, end)}…`;
}

/** A text of at most `longest` characters, cut between two words where there are some; one that was cut ends with `…`. */
export function cutAtWord(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const cut = cutText(text, longest);
  const space = cut.lastIndexOf(' ');
  return space < longest / 2 ? cut : `${cut.slice(0, space)} …`;
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;

/** An error of a size that every task may have: what a plugin throws has any. */
export function cutError({ type, message, stack }: Told): Told {
  const cut = { type: cutText(type, LONGEST_TYPE), message: cutText(message, LONGEST_MESSAGE) };
  return stack === undefined ? cut : { ...cut, stack: cutText(stack, LONGEST_STACK) };
}
