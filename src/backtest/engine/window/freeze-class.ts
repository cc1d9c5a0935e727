/** Freezes a class with all methods of its prototype, so that a strategy cannot leave anything there for the next series. */
export function freezeClass(shared: { readonly prototype: object }): void {
  for (const own of Object.values(Object.getOwnPropertyDescriptors(shared.prototype)))
    for (const part of Object.values(own) as unknown[]) Object.freeze(part);
  Object.freeze(shared.prototype);
  Object.freeze(shared);
}
