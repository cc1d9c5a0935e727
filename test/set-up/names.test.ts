import { describe, expect, it } from 'vitest';

interface Source {
  readonly file: string;
  readonly text: string;
}
const script = new URL('../../scripts/set-up/names.mjs', import.meta.url).href;
const { namedTwice } = (await import(script)) as {
  namedTwice: (files: readonly Source[], same?: Readonly<Record<string, string>>) => readonly string[];
};
const exporting = (file: string, text: string): Source => ({ file, text });

describe('names that the source code exports', () => {
  it.each([
    'const note = 1;',
    'async function note() {',
    'interface note {',
    'type note = string;',
    'abstract class note {',
    'function* note() {',
  ])('are refused when a second file exports the same name: export %s', (said) => {
    const files = [exporting('a/one.ts', 'export function note() {}'), exporting('b/two.ts', `\nexport ${said}\n`)];
    expect(namedTwice(files, {})).toEqual(['note is exported by src/a/one.ts and src/b/two.ts: give one of them another name']);
    expect(namedTwice(files, { note: 'the same on two floors' })).toEqual([]);
  });

  it('may be the same at several venues, appear several times in one file, or be exported again', () => {
    const once = [
      exporting('sources/polymarket/trades.ts', 'export const book = 1'),
      exporting('sources/predict/matches.ts', 'export const book = 2'),
    ];
    const overloads = exporting('a.ts', 'export function read(a: string): void;\nexport function read(a: number): void;');
    expect(namedTwice([...once, overloads, exporting('index.ts', "export { read } from './a.ts'")], {})).toEqual([]);
    expect(namedTwice([...once, exporting('sources/predict/more.ts', 'export const book = 3')], {})).toHaveLength(1);
  });

  it('may not be listed as exceptions without need', () => {
    expect(namedTwice([exporting('a.ts', 'export const x = 1')], { x: 'why' }).join()).toContain('take it from the exceptions');
  });
});
