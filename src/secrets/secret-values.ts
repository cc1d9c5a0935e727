/** Names of variables that hold a secret, recognised by their end. A variable that names a file or a folder holds none. */
const SECRET_NAME =
  /(?:key|token|secret|password|passwd|passphrase|passcode|credentials?|cookie|authorization|mnemonic|private|jwt|hmac|signature|connection_?string|key_data)s?$|(?:^|[_.-])(?:pk|pass|pwd|pw|pin|creds?|auth|seed|seed_?phrase|dsn|sas|sig|otp|pem|salt|bearer|session)s?$/i;
/** Variables with a shell's working folder. Their names end like that of a password (`PWD`). */
const WORKING_FOLDERS: ReadonlySet<string> = new Set(['PWD', 'OLDPWD']);
/** Names of fields, and of parameters of addresses, that hold a secret. */
export const SECRET_FIELD =
  /(?:token|secret|password|passwd|passphrase|passcode|api[-_]?key|access[-_]?key|private[-_]?key|signature|credentials?|authorization|mnemonic|jwt)$|(?:^|[_.-])(?:pk|pass|pwd|pin|creds?|seed[-_]?phrase|otp)$/i;
const ADDRESS = /^[a-z][a-z0-9+.-]{0,20}:\/\//i;
/** Matches variables whose address is secret as a whole, because chat tools put the secret into the path. */
const SECRET_ADDRESS = /webhook|hook_url$/i;

/** The secret values of variables named like a secret or listed by `PREDICTLAB_SECRETS` or `PREDICTLAB_ENV_ALLOW`, and of addresses. */
export function secretValues(env: NodeJS.ProcessEnv): string[] {
  const listed = new Set(`${env.PREDICTLAB_SECRETS ?? ''},${env.PREDICTLAB_ENV_ALLOW ?? ''}`.split(',').map((name) => name.trim()));
  const found: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (!value || WORKING_FOLDERS.has(name)) continue;
    if (ADDRESS.test(value)) found.push(...inAddress(value, SECRET_ADDRESS.test(name)));
    else if (SECRET_NAME.test(name)) found.push(value, ...value.split(/[\s,]+/));
    if (listed.has(name)) found.push(value);
  }
  return found.filter(isDistinctive);
}

/** Whether a value is redacted in texts. Short plain words ("postgres") are not, because many messages would become unreadable. */
export function isDistinctive(value: string): boolean {
  if (value.length < 6) return false;
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/].filter((kind) => kind.test(value)).length;
  return kinds > 1 || value.length >= 16;
}

function inAddress(text: string, all: boolean): string[] {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return [];
  }
  const { username, password, pathname, search, searchParams } = url;
  const found = password === '' ? (username === '' ? [] : [username]) : [password, btoa(`${username}:${password}`)];
  for (const [name, value] of searchParams) if (all || SECRET_FIELD.test(name)) found.push(value);
  if (all && `${pathname}${search}`.length > 8) found.push(`${pathname}${search}`);
  return found.flatMap((value) => [value, decoded(value)]);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The field of a task's arguments whose value names a variable of the worker's environment. */
export const REFERENCE_FIELD = '$env';

/** Whether a value is a reference to a variable, valid or not. */
export const isReference = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, REFERENCE_FIELD);

/** The text that replaces a secret. */
export const REDACTED = '[redacted]';

/**
 * Places where any text may contain a secret: user info and secret parameters of addresses (except `user:password`, an example in the
 * help), and authorizations. Each entry starts with a text that all its matches contain: texts without it need no regular expression.
 */
const PLACES: readonly (readonly [string, RegExp, string])[] = [
  ['://', /([a-z][a-z0-9+.-]{0,20}:\/\/)(?!user:password@)[^\s/@"'<>?#]{1,1000}@/gi, `$1${REDACTED}@`],
  [
    '=',
    /([?&](?:[\w.-]{0,40}(?:token|secret|password|passwd|api[-_]?key|access[-_]?key|signature|credential)|key|sig|auth)=)[^&\s"'#<>\\]+/gi,
    `$1${REDACTED}`,
  ],
  ['', /\b(bearer|basic)(\s+)(?=[a-z._~+/=-]{0,200}\d)[\w.~+/=-]{8,}/gi, `$1$2${REDACTED}`],
];

/** Redacts the secrets in a text that are recognised by where they stand, such as in an address. */
export function redactBySurroundings(text: string): string {
  let redacted = text;
  for (const [needed, place, without] of PLACES) if (redacted.includes(needed)) redacted = redacted.replace(place, without);
  return redacted;
}
