import { hostname, tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Takes this machine out of a history: paths in stack traces, the host in identities. Replay looks at neither. */
export function scrub(value: unknown): unknown {
  if (typeof value === 'string') return scrubText(value);
  if (Array.isArray(value)) return value.map(scrub);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const payload = 'metadata' in value && 'data' in value;
  return Object.fromEntries(entries.map(([key, inner]) => [key, payload && key === 'data' ? scrubBase64(String(inner)) : scrub(inner)]));
}

const scrubText = (text: string): string =>
  text
    .replaceAll(`file://${ROOT}`, '.')
    .replaceAll(ROOT, '.')
    .replaceAll(tmpdir(), 'tmp')
    .replaceAll(hostname(), 'host')
    .replace(/\b\d+@host\b/g, '1@host');

const scrubBase64 = (data: string): string =>
  Buffer.from(scrubText(Buffer.from(data, 'base64').toString('utf8')), 'utf8').toString('base64');
