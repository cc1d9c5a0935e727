/** What stands where a secret stood. */
export const REDACTED = '[redacted]';

/** Where secrets stand in any text, whatever they are (but for the words of our own help): the user info and the telling parameters of addresses, and authorizations. */
const PLACES: readonly (readonly [RegExp, string])[] = [
  [/([a-z][a-z0-9+.-]{0,20}:\/\/)(?!user:password@)[^\s/@"'<>?#]{1,1000}@/gi, `$1${REDACTED}@`],
  [
    /([?&](?:[\w.-]{0,40}(?:token|secret|password|passwd|api[-_]?key|access[-_]?key|signature|credential)|key|sig|auth)=)[^&\s"'#<>\\]+/gi,
    `$1${REDACTED}`,
  ],
  [/\b(bearer|basic)(\s+)(?=[a-z._~+/=-]{0,200}\d)[\w.~+/=-]{8,}/gi, `$1$2${REDACTED}`],
];

/** A text without what its places tell to be secret. */
export function redactPlaces(text: string): string {
  let redacted = text;
  for (const [place, without] of PLACES) redacted = redacted.replace(place, without);
  return redacted;
}
