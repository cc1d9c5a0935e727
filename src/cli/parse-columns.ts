import { readFile } from 'node:fs/promises';
import { type TickColumnNames, tickColumnsSchema } from '../contracts/catalogue.ts';
import { messageOf } from '../contracts/errors.ts';
import { usageError } from './exit.ts';

const ROLES = Object.keys(tickColumnsSchema.shape);

/**
 * Which column of a CSV holds what: `time=Timestamp,price=Price,size=Shares`, or a JSON file of such names.
 *
 * @throws ExitError 2 that names the part which is wrong
 */
export async function parseColumns(text: string): Promise<Partial<TickColumnNames>> {
  const named = text.includes('=') ? pairsOf(text) : await readMapping(text);
  const parsed = tickColumnsSchema.partial().safeParse(named);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0];
  throw usageError(`--columns ${text}: ${path.join('.') || 'mapping'}: ${message}; the roles are ${ROLES.join(', ')}`);
}

function pairsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const [role = '', name] = pair.split(/=(.*)/s).map((part) => part.trim());
      if (!ROLES.includes(role) || !name) throw usageError(`--columns: "${pair}" is not role=column; the roles are ${ROLES.join(', ')}`);
      return [role, name];
    }),
  );
}

async function readMapping(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw usageError(`--columns ${file}: ${messageOf(error)}; write role=column pairs or a JSON file of them`);
  }
}
