/** Freezes a class with all methods of its prototype, so that a strategy cannot leave anything there for the next series. */
export function freezeClass(one: { readonly prototype: object }): void {
  for (const own of Object.values(Object.getOwnPropertyDescriptors(one.prototype)))
    for (const part of Object.values(own) as unknown[]) Object.freeze(part);
  Object.freeze(one.prototype);
  Object.freeze(one);
}
