import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isMainThread } from 'node:worker_threads'
import { createIdleJudge } from './judge-idle.ts'

/**
 * Every Node process of the mesh imports this module, which starts it. V8 only collects garbage when it needs room, so an idle process would forever keep what its start
 * or its last busy minute has left: 5 to 25 MB each, measured after a start.
 */
const lookEveryMs = 5_000

if (isMainThread) setInterval(returnIdleMemory(), lookEveryMs).unref()

function returnIdleMemory(): () => void {
  const collect = exposeCollector()
  const isTimeToCollect = createIdleJudge()
  let keptBytes = 0
  let usedMicros = cpuMicros()
  return () => {
    const now = cpuMicros()
    const share = (now - usedMicros) / 1_000 / lookEveryMs
    usedMicros = now
    if (!isTimeToCollect({ share, grownBytes: usedBytes() - keptBytes })) return
    // The most thorough kind of collection, which also frees compiled code that has not run for a while.
    collect({ type: 'major', flavor: 'last-resort' })
    keptBytes = usedBytes()
    usedMicros = cpuMicros()
  }
}

function cpuMicros(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

function usedBytes(): number {
  return getHeapStatistics().used_heap_size
}

type Collect = (options: { type: 'major'; flavor: 'last-resort' }) => void

/** V8's own function `gc`, which every context has that is made after the flag was set. */
function exposeCollector(): Collect {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc')
}
