/** Maximum number of characters of an error's type in payloads and in the database. */
const MAX_TYPE_LENGTH = 100;
/** Maximum number of characters of an error's message in payloads and in the database. */
export const MAX_MESSAGE_LENGTH = 4_000;
/** Maximum number of characters of an error's stack in payloads and in the database. */
export const MAX_STACK_LENGTH = 8_000;

/** Cuts a text to at most `longest` characters; a text that was cut ends with `…`. */
export function cutText(text: string, longest: number): string {
  if (text.length <= longest) return text;
  // Do not cut a surrogate pair in half.
  const end = isHighSurrogate(text.charCodeAt(longest - 2)) ? longest - 2 : longest - 1;
  return `${text.slice(0, end)}…`;
}

/** A text of at most `longest` characters, cut between two words where there are some; a text that was cut ends with `…`. */
export function cutAtWord(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const cut = cutText(text, longest);
  const space = cut.lastIndexOf(' ');
  return space < longest / 2 ? cut : `${cut.slice(0, space)} …`;
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;

interface ErrorTexts {
  readonly type: string;
  readonly message: string;
  readonly stack?: string;
}

/** Cuts the texts of an error to their maximum lengths, because an error thrown by a plugin can have any size. */
export function cutError({ type, message, stack }: ErrorTexts): ErrorTexts {
  const cut = { type: cutText(type, MAX_TYPE_LENGTH), message: cutText(message, MAX_MESSAGE_LENGTH) };
  return stack === undefined ? cut : { ...cut, stack: cutText(stack, MAX_STACK_LENGTH) };
}
