/** Variables whose names end like this hold a secret; those that name a file or a folder do not. */
const SECRET_NAME = /(?:key|token|secret|password|passwd|passphrase|credentials?|cookie|authorization|key_data)s?$/i;
/** A parameter of an address, or a field, that holds a secret by its name. */
export const SECRET_FIELD =
  /(?:token|secret|password|passwd|passphrase|api[-_]?key|access[-_]?key|private[-_]?key|signature|credentials?|authorization)$/i;
const ADDRESS = /^[a-z][a-z0-9+.-]{0,20}:\/\//i;
/** Variables whose address is secret as a whole: chat tools put the secret into the path. */
const SECRET_ADDRESSES = new Set(['ALERT_WEBHOOK_URL']);

/**
 * The secret values of an environment: variables named like a secret, variables that `PREDICTLAB_SECRETS` lists, and the secret parts
 * of addresses.
 */
export function secretValues(env: NodeJS.ProcessEnv): string[] {
  const listed = new Set(`${env.PREDICTLAB_SECRETS ?? ''},${env.PREDICTLAB_ENV_ALLOW ?? ''}`.split(',').map((name) => name.trim()));
  const found: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (!value) continue;
    if (ADDRESS.test(value)) found.push(...inAddress(value, SECRET_ADDRESSES.has(name)));
    else if (SECRET_NAME.test(name)) found.push(value, ...value.split(/[\s,]+/));
    if (listed.has(name)) found.push(value);
  }
  return found.filter(isDistinctive);
}

/**
 * Whether a value is distinctive enough to be redacted in texts. A short plain word ("postgres") occurs in many messages, which would
 * become unreadable.
 */
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
