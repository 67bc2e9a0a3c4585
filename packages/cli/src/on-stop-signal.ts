const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Has `hear` called at every Ctrl-C, `kill` and closed terminal from now on; none of them ends the process by itself any more. */
export function onStopSignal(hear: () => void): void {
  for (const signal of stopSignals) process.on(signal, hear)
}
