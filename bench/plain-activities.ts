const fib = (n: number): number => (n < 2 ? n : fib(n - 1) + fib(n - 2));

/** About 10 ms for 30. */
export const fibonacci = async (n: number): Promise<number> => fib(n);

export const noop = async (stage: string, symbol: string): Promise<object> => ({ stage, symbol, rows: 42 });
