/** A binary heap of integers by key, smallest first; ties go to the smaller integer. Grows as needed, never re-sorts. */
export class KeyedHeap {
  #keys: number[] = [];
  #items: number[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** The smallest key; NaN when empty. */
  get topKey(): number {
    return this.#items.length === 0 ? Number.NaN : this.#keys[0];
  }

  /** The item with the smallest key; -1 when empty. An item may itself be -1, so check `size` where that is possible. */
  get top(): number {
    return this.#items.length === 0 ? -1 : this.#items[0];
  }

  push(key: number, item: number): void {
    const keys = this.#keys;
    const items = this.#items;
    let hole = items.length;
    keys.push(key);
    items.push(item);
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (keys[parent] < key || (keys[parent] === key && items[parent] < item)) break;
      keys[hole] = keys[parent];
      items[hole] = items[parent];
      hole = parent;
    }
    keys[hole] = key;
    items[hole] = item;
  }

  pop(): number {
    const keys = this.#keys;
    const items = this.#items;
    const top = items[0];
    const key = keys.pop() as number;
    const item = items.pop() as number;
    const size = items.length;
    if (size === 0) return top;
    let hole = 0;
    for (let child = 1; child < size; child = 2 * hole + 1) {
      const right = child + 1;
      if (right < size && (keys[right] < keys[child] || (keys[right] === keys[child] && items[right] < items[child]))) child = right;
      if (key < keys[child] || (key === keys[child] && item < items[child])) break;
      keys[hole] = keys[child];
      items[hole] = items[child];
      hole = child;
    }
    keys[hole] = key;
    items[hole] = item;
    return top;
  }

  clear(): void {
    this.#keys = [];
    this.#items = [];
  }

  /** Yields every item with its key, in no particular order. */
  *entries(): IterableIterator<[key: number, item: number]> {
    for (let i = 0; i < this.#items.length; i++) yield [this.#keys[i], this.#items[i]];
  }
}
