/** The text that replaces a secret. */
export const REDACTED = '[redacted]';

/** Places where any text may contain a secret: user info and secret parameters of addresses (except `user:password`, an example in our help), and authorizations. */
const PLACES: readonly (readonly [RegExp, string])[] = [
  [/([a-z][a-z0-9+.-]{0,20}:\/\/)(?!user:password@)[^\s/@"'<>?#]{1,1000}@/gi, `$1${REDACTED}@`],
  [
    /([?&](?:[\w.-]{0,40}(?:token|secret|password|passwd|api[-_]?key|access[-_]?key|signature|credential)|key|sig|auth)=)[^&\s"'#<>\\]+/gi,
    `$1${REDACTED}`,
  ],
  [/\b(bearer|basic)(\s+)(?=[a-z._~+/=-]{0,200}\d)[\w.~+/=-]{8,}/gi, `$1$2${REDACTED}`],
];

/** Redacts the secrets in a text that are recognised by their place. */
export function redactPlaces(text: string): string {
  let redacted = text;
  for (const [place, without] of PLACES) redacted = redacted.replace(place, without);
  return redacted;
}
