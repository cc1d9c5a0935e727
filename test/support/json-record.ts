import { createHash } from 'node:crypto';

/**
 * What commands print with `--json` and their exit codes, as text to compare with a recorded file: what changes from run to run is masked, and
 * a long list is its first two elements, its length and a hash of all.
 */
export class JsonRecord {
  readonly #lines: string[] = [];
  readonly #names: readonly (readonly [string, string])[];

  /** @param names texts that differ on each machine or run, and what stands for each */
  constructor(names: readonly (readonly [string, string])[]) {
    this.#names = [...names, [process.cwd(), '<project>']];
  }

  get text(): string {
    return `${this.#lines.join('\n')}\n`;
  }

  add(args: readonly string[], { code, out, err }: { readonly code: number; readonly out: string; readonly err: string }): void {
    this.#lines.push(`$ predictlab ${this.#masked(args.join(' '))}`, `exit code ${code}`);
    if (out !== '') this.#lines.push(this.#jsonOf(out));
    else if (err !== '') this.#lines.push(this.#masked(err.trimEnd()));
    this.#lines.push('');
  }

  /** Standard output as it is recorded: one document, a document per line, or text that is no JSON. */
  #jsonOf(stdout: string): string {
    const documents = [stdout, ...stdout.trimEnd().split('\n')];
    try {
      return this.#print(JSON.parse(documents[0]));
    } catch {
      try {
        return documents
          .slice(1)
          .map((line) => this.#print(JSON.parse(line)))
          .join('\n');
      } catch {
        return `not JSON: ${this.#masked(stdout.trimEnd())}`;
      }
    }
  }

  #print(value: unknown): string {
    return JSON.stringify(this.#shortened(value, ''), undefined, 1);
  }

  /** Masks what changes from run to run; of a long list it keeps the first two, the count and a hash of all. */
  #shortened(value: unknown, key: string): unknown {
    if (typeof value === 'string') return this.#masked(value);
    if (typeof value === 'number') return VOLATILE.test(key) && isNow(value) ? '<number>' : value;
    if (Array.isArray(value)) {
      const all = value.map((one) => this.#shortened(one, key));
      if (all.length <= 6) return all;
      const hash = createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 16);
      return [...all.slice(0, 2), `and ${all.length - 2} more, sha256 of all ${hash}`];
    }
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [this.#masked(name), this.#shortened(inner, key.endsWith('Seconds') ? key : name)]),
    );
  }

  #masked(text: string): string {
    let plain = text;
    for (const [found, name] of this.#names) plain = plain.replaceAll(found, name);
    return plain
      .replace(/postgres(ql)?:\/\/[^\s"']+/g, '<database>')
      .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>')
      .replace(/test_[0-9a-f]{32}/g, '<database>')
      .replace(/\+v8-[^\s"']+/g, '+<v8>')
      .replace(/\b[\w+/]{43}=/g, '<key>')
      .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uuid>')
      .replace(/\b\d+\.\d+\.\d+\+[0-9a-f]{8,}(\.dirty)?\b/g, '<build>')
      .replace(/\b[0-9a-f]{40,64}\b/g, '<hash>')
      .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?/g, (time) =>
        Math.abs(Date.parse(time.replace(' ', 'T').replace(/(?<!Z)$/, 'Z')) - Date.now()) < 40 * 86_400_000 ? '<now>' : time,
      );
  }
}

/** Keys whose numbers depend on the clock, on the machine or on the order of parallel work. */
const VOLATILE = /(Ms|At|^at|^now|Seconds|^seconds|[bB]ytes|duration|^pid|port|^id|Size|^time|attempts?|waits?|requests?|chunks?)$/;

/** Times of the sandbox venue stand still and are recorded; durations, sizes and times of today are not. */
const isNow = (value: number): boolean => value < 1e12 || Math.abs(value - Date.now()) < 40 * 86_400_000;
