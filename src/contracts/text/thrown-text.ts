import { cutText } from './cut-text.ts';

/** Characters of a thrown object that are shown as JSON. */
const LONGEST_OBJECT = 300;

/**
 * What can be said of something that was thrown: code of others throws anything, also what throws again when it is looked at.
 * Never throws itself.
 */
export function thrownText(thrown: unknown): string {
  if (thrown === undefined || thrown === null || thrown === '') return `nothing (${thrown === '' ? 'an empty text' : thrown} was thrown)`;
  if (typeof thrown === 'function') return `a function was thrown${named(() => thrown.name)}`;
  if (typeof thrown !== 'object') return (thrown as string | number | bigint | boolean | symbol).toString();
  const message = attempt(() => (thrown as { message?: unknown }).message);
  if (typeof message === 'string' && message !== '') return message;
  const json = attempt(() => JSON.stringify(thrown));
  if (typeof json === 'string' && json !== '{}') return cutText(json, LONGEST_OBJECT);
  return `an object was thrown that says nothing of itself${named(() => thrown.constructor.name)}`;
}

function named(read: () => unknown): string {
  const name = attempt(read);
  return typeof name === 'string' && name !== '' ? ` (${cutText(name, 100)})` : '';
}

function attempt(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}
