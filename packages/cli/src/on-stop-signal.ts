const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Calls `hear` at every Ctrl-C, `kill` and closed terminal from now on. These no longer end the process by themselves. */
export function onStopSignal(hear: () => void): void {
  for (const signal of stopSignals) process.on(signal, hear)
}
