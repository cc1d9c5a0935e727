import { cutText } from './cut-text.ts';

/** Most characters of a thrown object's JSON in a message. */
const MAX_OBJECT_LENGTH = 300;

/**
 * Describes a thrown value that may be anything, even an object whose properties throw when they are read. Never throws itself.
 */
export function thrownText(thrown: unknown): string {
  if (thrown === undefined || thrown === null || thrown === '') return `nothing (${thrown === '' ? 'an empty text' : thrown} was thrown)`;
  if (typeof thrown === 'function') return `a function was thrown${named(() => thrown.name)}`;
  if (typeof thrown !== 'object') return (thrown as string | number | bigint | boolean | symbol).toString();
  const message = attempt(() => (thrown as { message?: unknown }).message);
  if (typeof message === 'string' && message !== '') return message;
  const json = attempt(() => JSON.stringify(thrown));
  if (typeof json === 'string' && json !== '{}') return cutText(json, MAX_OBJECT_LENGTH);
  return `an object without a message was thrown${named(() => thrown.constructor.name)}`;
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
