import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { badInput, fileTrouble, PredictLabError } from '../contracts/errors.ts';
import { shellWord } from '../contracts/text/plain-text.ts';

/** A key that seals payloads. */
export interface PayloadKey {
  /** Digest of the key, by which a payload names the key it needs; it does not reveal the key. */
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Buffer;
}

const BYTES = 32;

/**
 * The keys of `PREDICTLAB_PAYLOAD_KEY`, or of the file that `PREDICTLAB_PAYLOAD_KEY_FILE` names: 32 bytes each as base64 or hex, separated
 * by commas or lines. The first key seals, every key opens.
 * @returns an empty list where neither is set
 * @throws PredictLabError BadInput that says what is wrong and never shows a key
 */
export function readPayloadKeys(env: NodeJS.ProcessEnv): readonly PayloadKey[] {
  const { PREDICTLAB_PAYLOAD_KEY: inline, PREDICTLAB_PAYLOAD_KEY_FILE: file } = env;
  if (inline && file) throw badInput('PREDICTLAB_PAYLOAD_KEY and PREDICTLAB_PAYLOAD_KEY_FILE are both set; keep one of them');
  if (!inline && !file) return [];
  const where = file ? `PREDICTLAB_PAYLOAD_KEY_FILE (${file})` : 'PREDICTLAB_PAYLOAD_KEY';
  const words = (file ? textOf(file) : (inline ?? '')).split(/[\s,]+/).filter((word) => word !== '');
  if (words.length === 0) throw badInput(`${where} has no key; \`predictlab codec --new-key\` makes one`);
  return words.map((word, index) => {
    const secret = bytesOf(word);
    if (secret !== undefined) return { id: idOf(secret), secret };
    const which = words.length === 1 ? '' : `, number ${index + 1},`;
    throw badInput(
      `${where}${which} is not a key of ${BYTES} bytes in base64 or hex (it has ${word.length} characters); \`predictlab codec --new-key\` makes one`,
    );
  });
}

function textOf(file: string): string {
  try {
    if (process.platform !== 'win32' && (statSync(file).mode & 0o007) !== 0)
      throw badInput(`PREDICTLAB_PAYLOAD_KEY_FILE: other users can read ${file}; close it: chmod o= ${shellWord(file)}`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof PredictLabError) throw error;
    throw badInput(`PREDICTLAB_PAYLOAD_KEY_FILE: ${file} cannot be read: ${fileTrouble(error)}`, { cause: error });
  }
}

function bytesOf(word: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(word)) return Buffer.from(word, 'hex');
  return /^[A-Za-z0-9+/_-]{43}=?$/.test(word) ? Buffer.from(word, 'base64') : undefined;
}

const idOf = (secret: Buffer): string => createHash('sha256').update('predictlab payload key').update(secret).digest('hex').slice(0, 12);
