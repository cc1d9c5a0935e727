const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type SignalName = (typeof SIGNALS)[number];

/** Exit codes of a process that a signal ended, by the shell's convention. */
export const SIGNAL_EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const satisfies Readonly<Record<SignalName, number>>;

export interface StopSignal {
  readonly stopped: Promise<SignalName>;
  readonly received: SignalName | undefined;
}

/** Handles the stop signals, so that they do not end the process before it has closed its resources. */
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
