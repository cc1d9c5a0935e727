/**
 * Freezes what the library exports, with its parts: what a strategy could add to it would last from series to series.
 * @param exported the values of the library's module
 */
export function freezeExports(exported: readonly unknown[]): void {
  for (const one of exported) {
    if (!isPart(one) || Object.isFrozen(one)) continue;
    Object.freeze(one);
    if (typeof one === 'function' && isPart(one.prototype)) Object.freeze(one.prototype);
    freezeExports(Object.values(one));
  }
}

const isPart = (value: unknown): value is object => typeof value === 'function' || (typeof value === 'object' && value !== null);
