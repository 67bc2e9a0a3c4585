import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { watchLauncher } from './launcher-watch.mjs'

/** npm and the terminal both pass a Ctrl-C on: two signals within this time are one wish. */
const SAME_WISH_MS = 1_000

/**
 * Runs the toolchain's Node with `args` on this terminal and answers its exit code. The child is a process group of its own,
 * so a signal reaches it only through here, once.
 */
export function runUnderNode(toolchain, args, { cwd = process.cwd(), env }) {
  return new Promise((resolve, reject) => {
    const child = spawn(toolchain.nodeBin, args, { cwd, env, detached: true, stdio: 'inherit' })
    const stopForwarding = forwardSignals(child)
    child.on('error', reject)
    child.on('exit', (exitCode, signalName) => {
      stopForwarding()
      resolve(exitCode ?? 128 + constants.signals[signalName])
    })
  })
}

function forwardSignals(child) {
  let lastAt = Number.NEGATIVE_INFINITY
  const forward = (signalName) => {
    if (performance.now() - lastAt < SAME_WISH_MS) return
    lastAt = performance.now()
    // A closed terminal asks for the same orderly end as a stop.
    child.kill(signalName === 'SIGHUP' ? 'SIGTERM' : signalName)
  }
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const name of names) process.on(name, forward)
  const stopWatching = watchLauncher(() => lastAt === Number.NEGATIVE_INFINITY && forward('SIGTERM'))
  return () => {
    stopWatching()
    for (const name of names) process.off(name, forward)
  }
}
