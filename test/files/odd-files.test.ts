import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CandidateRow } from '../../src/contracts/market-data.ts';
import { openTickFile } from '../../src/files/read/read-tick-file.ts';
import { worlds } from '../support/worlds.ts';
import { scratchFolder } from './scratch.ts';

const folder = scratchFolder();
let files = 0;

async function read(content: Uint8Array): Promise<readonly CandidateRow[]> {
  const file = await openTickFile(folder.write(`${files++}.csv`, content));
  const rows: CandidateRow[] = [];
  for await (const batch of file.batches()) rows.push(...batch.rows);
  return rows;
}

/** Column names and field contents that have a meaning in JavaScript or are not text at all; latin1, so that any byte can occur. */
const oddName = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', 'valueOf', 'length', '0', '17'),
  fc.stringMatching(/^[a-z]{9,12}$/),
);
const oddField = fc.oneof(
  fc.constantFrom('__proto__', '[object Object]', 'constructor', '1e999'),
  fc.stringMatching(/^[\x80-\xff]{0,6}$/),
  fc.constant('\0'),
);

it('the columns of a tick file are read correctly next to columns with odd names and binary fields', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(oddName, { minLength: 1, maxLength: 5 }),
      fc.array(oddField, { minLength: 5, maxLength: 5 }),
      async (names, fields) => {
        const header = `${names.join(',')},time,price,size\n`;
        const lines = [0, 1, 2].map(
          (index) => `${names.map((_, place) => fields[place]).join(',')},${1_767_225_600 + index},0.${index + 3},5\n`,
        );
        const rows = await read(Buffer.from(header + lines.join(''), 'latin1'));
        const plain = await read(
          Buffer.from(`time,price,size\n${[0, 1, 2].map((index) => `${1_767_225_600 + index},0.${index + 3},5\n`).join('')}`),
        );
        const without = ({ raw: _, identity: __, ...row }: CandidateRow) => row;
        expect(rows.map(without)).toEqual(plain.map(without));
        for (const { raw, identity } of rows) expect([raw.isWellFormed(), identity.isWellFormed()]).toEqual([true, true]);
      },
    ),
    { numRuns: worlds(60) },
  );
});
