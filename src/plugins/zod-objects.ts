import * as zod from 'zod';

type ZodClass = (new (definition: unknown) => object) & { readonly prototype: object };

/** Returns objects that all schemas of a class share and to which no export of zod leads. Freezes the accessors of zod's classes. */
export function sharedBySchemas(): readonly object[] {
  const shared = new Set<object>();
  const classes = [zod, zod.core].flatMap((names) => Object.values(names) as unknown[]).filter(isClass);
  for (const one of new Set(classes)) {
    // a class adds members to its prototype when its first instance is made
    addCommon(make(one), make(one), shared);
    for (const own of Object.values(Object.getOwnPropertyDescriptors(one.prototype)))
      if (!('value' in own)) for (const part of Object.values(own)) Object.freeze(part);
  }
  return [...shared];
}

const isClass = (one: unknown): one is ZodClass => typeof one === 'function' && 'init' in one;

/** Makes an instance of a class, with the fields of the definitions of all classes. */
function make(one: ZodClass): object {
  const any = zod.any();
  const same = (value: unknown): unknown => value;
  const filled = (names: string, value: unknown): object => Object.fromEntries(names.split(' ').map((name) => [name, value]));
  const definition = {
    type: 'any',
    check: 'custom',
    format: one.name.includes('NumberFormat') ? 'int32' : one.name.includes('BigIntFormat') ? 'int64' : 'uuid',
    pattern: /a/,
    input: zod.tuple([]),
    ...filled('schema innerType element left right in out keyType valueType output', any),
    ...filled('options items', [any]),
    ...filled('values parts mime', ['a']),
    ...filled('prefix suffix includes property', 'a'),
    ...filled('shape entries', {}),
    ...filled('fn transform', same),
    checks: [],
    getter: () => any,
  };
  return new one(one.name.endsWith('Error') ? [] : definition);
}

/** Adds the objects that two instances, their `_zod` parts and their definitions have in common, and their prototypes. */
function addCommon(one: object, other: object, shared: Set<object>): void {
  shared.add(Object.getPrototypeOf(one) as object);
  for (const key of Object.keys(Object.getOwnPropertyDescriptors(one))) {
    const [own, twin] = [one, other].map((object) => Object.getOwnPropertyDescriptor(object, key) ?? {});
    if (key === '_zod' || key === 'def') addCommon(own?.value as object, twin?.value as object, shared);
    for (const part of ['value', 'get', 'set'] as const)
      if (own?.[part] === twin?.[part] && typeof own?.[part] === 'function') shared.add(own[part] as object);
  }
}
