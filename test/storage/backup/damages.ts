import { gunzipSync, gzipSync } from 'node:zlib';

type Random = () => number;

/** Ways in which a file is damaged: on a disk, during a transfer, or by a careless edit. */
const DAMAGES: Readonly<Record<string, (whole: Buffer, random: Random) => Buffer>> = {
  'a flipped bit': (whole, random) => {
    const damaged = Buffer.from(whole);
    damaged[Math.floor(random() * whole.length)] ^= 1 << Math.floor(random() * 8);
    return damaged;
  },
  'a flipped bit near an end': (whole, random) => {
    const damaged = Buffer.from(whole);
    const at = Math.floor(random() * 64);
    damaged[random() < 0.5 ? at : whole.length - 1 - at] ^= 1 << Math.floor(random() * 8);
    return damaged;
  },
  'a cut end': (whole, random) => whole.subarray(0, Math.floor(random() * whole.length)),
  'a cut beginning': (whole, random) => whole.subarray(1 + Math.floor(random() * (whole.length - 1))),
  'a lost piece': (whole, random) => {
    const [from, to] = range(whole, random);
    return Buffer.concat([whole.subarray(0, from), whole.subarray(to)]);
  },
  'a piece twice': (whole, random) => {
    const [from, to] = range(whole, random);
    return Buffer.concat([whole.subarray(0, to), whole.subarray(from)]);
  },
  'a hole of zeros': (whole, random) => {
    const damaged = Buffer.from(whole);
    return damaged.fill(0, ...range(whole, random));
  },
  'more at the end': (whole, random) => Buffer.concat([whole, Buffer.alloc(1 + Math.floor(random() * 100), Math.floor(random() * 256))]),
  'itself at the end': (whole) => Buffer.concat([whole, whole]),
  'a flipped bit inside, packed again': (whole, random) => {
    const inside = gunzipSync(whole);
    inside[Math.floor(random() * inside.length)] ^= 1 << Math.floor(random() * 8);
    return gzipSync(inside, { level: 1 });
  },
  'a flipped bit in its head or a name, packed again': (whole, random) => {
    const inside = gunzipSync(whole);
    const frames = jsonFrames(inside);
    const [from, to] = frames[Math.floor(random() * frames.length)];
    inside[from + Math.floor(random() * (to - from))] ^= 1 << Math.floor(random() * 8);
    return gzipSync(inside, { level: 1 });
  },
};

const range = (whole: Buffer, random: Random): readonly [number, number] => {
  const from = Math.floor(random() * (whole.length - 1));
  return [from, from + 1 + Math.floor(random() * Math.min(2_000, whole.length - from - 1))];
};

function jsonFrames(inside: Buffer): readonly (readonly [number, number])[] {
  const found: [number, number][] = [];
  for (let at = 0; at < inside.length; ) {
    const end = at + 5 + inside.readUInt32BE(at + 1);
    if (inside[at] === 0x6a) found.push([at, end]);
    at = end;
  }
  return found;
}

/** The n-th damage; always another content than `whole`. */
export function damage(whole: Buffer, n: number, random: Random): { readonly name: string; readonly content: Buffer } {
  const names = Object.keys(DAMAGES);
  const name = names[n % names.length];
  for (;;) {
    const content = DAMAGES[name](whole, random);
    if (!content.equals(whole)) return { name: `${name} (${n})`, content };
  }
}
