/** Pairs of outcome names: the one that venues list first, and its counterpart. */
const COUNTERPARTS = [
  ['Yes', 'No'],
  ['Up', 'Down'],
  ['0', '1'],
] as const;

const keyOf = (name: string): string => name.trim().toLowerCase();
const USUALLY_FIRST = new Set(COUNTERPARTS.map(([first]) => keyOf(first)));
const COUNTERPART_OF = new Map(COUNTERPARTS.map(([first, second]) => [keyOf(second), first]));

/**
 * Decides which outcome of a binary market a row traded. The first outcome is the one that the user named; otherwise Yes, Up or 0 when
 * the sample has it; otherwise the first name in the sample, unless venues list that one second (No, Down, 1): then its counterpart is
 * first, even when the file does not have it. The second outcome is the next other name; a third name is not part of a binary market.
 */
export class OutcomePolarity {
  private readonly first: { key: string; name: string } | undefined;
  private second: { key: string; name: string } | undefined;

  constructor(firstOutcome: string | undefined, sample: readonly string[]) {
    const names = sample.map((name) => name.trim()).filter((name) => name !== '');
    const usual = names.find((name) => USUALLY_FIRST.has(keyOf(name)));
    const plain = names.find((name) => !COUNTERPART_OF.has(keyOf(name)));
    const name = firstOutcome ?? usual ?? plain ?? (names[0] === undefined ? undefined : COUNTERPART_OF.get(keyOf(names[0])));
    this.first = name === undefined ? undefined : { key: keyOf(name), name: name.trim() };
  }

  /** The names read so far, first outcome first; empty when the file has none. */
  get outcomes(): readonly string[] {
    return [this.first, this.second].flatMap((outcome) => (outcome === undefined ? [] : [outcome.name]));
  }

  /** The traded outcome. @returns null when the name is neither of the two */
  of(name: string): 'first' | 'second' | null {
    const key = keyOf(name);
    if (key === '' || this.first === undefined) return null;
    if (key === this.first.key) return 'first';
    this.second ??= { key, name: name.trim() };
    return key === this.second.key ? 'second' : null;
  }
}
