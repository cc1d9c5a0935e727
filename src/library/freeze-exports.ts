/**
 * Freezes the library's exports and everything in them, so that a strategy cannot store data there from one series to the next.
 * @param exported the values of the library's module
 */
export function freezeExports(exported: readonly unknown[]): void {
  for (const one of exported) {
    if (!isPart(one) || Object.isFrozen(one)) continue;
    Object.freeze(one);
    // methods are not enumerable
    const own = Object.values(Object.getOwnPropertyDescriptors(one)).flatMap((part) => Object.values(part) as unknown[]);
    freezeExports(own.filter((part) => part !== Object && part !== Function.prototype));
  }
}

const isPart = (value: unknown): value is object => typeof value === 'function' || (typeof value === 'object' && value !== null);
