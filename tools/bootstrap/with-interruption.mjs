import { watchLauncher } from './launcher-watch.mjs'

/** Runs `work({signal, abort})`; a signal to end, or the end of the npm that started this, aborts it. */
export async function withInterruption(work) {
  const controller = new AbortController()
  const abort = () => controller.abort()
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const name of signals) process.on(name, abort)
  const stopWatching = watchLauncher(abort)
  try {
    return await work({ signal: controller.signal, abort })
  } finally {
    stopWatching()
    for (const name of signals) process.off(name, abort)
  }
}
