import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

interface Lock {
  readonly packages: Readonly<Record<string, { readonly engines?: { readonly node?: string }; readonly optional?: boolean }>>;
}

type Version = readonly [number, number, number];
const versionOf = (text: string): Version => {
  const [major, minor = 0, patch = 0] = text.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : 0));
  return [major, minor, patch];
};
const compare = (a: Version, b: Version): number => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];

/** Whether a range of `engines` admits a version: `>=18`, `^20.19.0 || >=22`, `20 || >=22`, `>= 0.8 < 25`, `*`. */
function admits(range: string, version: Version): boolean {
  return range.split('||').some((part) =>
    [...part.matchAll(/(>=|<=|>|<|\^|~)?\s*([\d*x.]+)/g)].every(([, operator, text]) => {
      const wanted = versionOf(text);
      if (text === '*') return true;
      const order = compare(version, wanted);
      switch (operator) {
        case '>=':
          return order >= 0;
        case '>':
          return order > 0;
        case '<':
          return order < 0;
        case '<=':
          return order <= 0;
        case '~':
          return order >= 0 && version[0] === wanted[0] && version[1] === wanted[1];
        case '^':
          return order >= 0 && version[0] === wanted[0];
        default:
          return text.includes('.') ? order === 0 : version[0] === wanted[0];
      }
    }),
  );
}

const lowest = versionOf((JSON.parse(read('package.json')) as { engines: { node: string } }).engines.node.replace('>=', ''));
const image = versionOf(/^FROM node:(\d+)/m.exec(read('Dockerfile'))?.[1] ?? '0');

it('version ranges are read as npm reads them', () => {
  const accepted = ['>=18', '^20.19.0 || >=22.12.0', '20 || >=22', '>= 0.8', '*', '^18 || ^20', '>=12 <25'];
  const refused = ['>=22', '^18.0.0', '>=20.20', '22', '^20.19.1', '>=4 <20'];
  expect(accepted.filter((range) => !admits(range, [20, 19, 0]))).toEqual([]);
  expect(refused.filter((range) => admits(range, [20, 19, 0]))).toEqual([]);
});

it.each([
  ['the lowest version of package.json', lowest],
  ['the version of the image', image],
] as const)('every package in the lock file runs on %s', (_, version) => {
  const { packages } = JSON.parse(read('package-lock.json')) as Lock;
  const refused = Object.entries(packages)
    .filter(([, { engines, optional }]) => engines?.node !== undefined && !optional && !admits(engines.node, version))
    .map(([name, { engines }]) => `${name} needs ${engines?.node}`);
  expect(refused).toEqual([]);
});
