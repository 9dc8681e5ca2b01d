const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Settles at the first Ctrl-C or SIGTERM. From then on they are ignored: a terminal and npm each pass the same one on,
 * and stopping takes its time to lose nothing.
 */
export function waitForStopRequest(): Promise<undefined> {
  return new Promise((resolve) => {
    for (const signal of SIGNALS) process.on(signal, () => resolve(undefined));
  });
}
