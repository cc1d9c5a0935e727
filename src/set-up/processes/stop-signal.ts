const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type SignalName = (typeof SIGNALS)[number];

/** Exit code of a process that a signal ended, by the shell's convention. */
export const SIGNAL_EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const satisfies Readonly<Record<SignalName, number>>;

export interface StopSignal {
  /** Resolves at the first signal to stop. */
  readonly stopped: Promise<SignalName>;
  /** The first signal, once there was one. */
  readonly received: SignalName | undefined;
}

/**
 * From here on signals to stop do not end the process by themselves, so that whoever waits can close things in order.
 */
export function stopSignal(): StopSignal {
  let received: SignalName | undefined;
  const stopped = new Promise<SignalName>((resolve) => {
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        received ??= signal;
        resolve(signal);
      });
    }
  });
  return {
    stopped,
    get received() {
      return received;
    },
  };
}
