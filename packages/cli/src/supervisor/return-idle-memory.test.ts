import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from '@jest/globals'

const preload = join(import.meta.dirname, 'return-idle-memory.ts')
const smallMb = 12

/**
 * Leaves about 30 MB of garbage in the old generation, does `then`, and answers how many megabytes of the heap are in use: as soon as they are few,
 * or at the end of its time.
 */
async function heapAfterIdling(args: string[], { then = '', withinMs = 7_000 }): Promise<number> {
  const leaveGarbage = 'let kept = Array.from({ length: 300_000 }, (_, i) => ({ i, text: "x" + i })); kept = undefined'
  const tell = `
    const untilMs = Date.now() + ${withinMs}
    setInterval(() => {
      const heapMb = process.memoryUsage().heapUsed / 1_048_576
      if (heapMb > ${smallMb} && Date.now() < untilMs) return
      console.log(heapMb)
      process.exit()
    }, 250)`
  const script = `${leaveGarbage}; ${then}; ${tell}`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', ...args, '-e', script],
    { env: { PATH: process.env.PATH } },
  )
  return Number(stdout)
}

it('an idle process gives back what starting left behind, and a busy one is not interrupted', async () => {
  // On a busy machine too it uses far more than three hundredths of a processor.
  const then = `
    const work = () => {
      const { user } = process.cpuUsage()
      while (process.cpuUsage().user < user + 30_000);
      setTimeout(work, 70)
    }
    work()`
  const [untouched, idle, busy] = await Promise.all([
    heapAfterIdling([], {}),
    heapAfterIdling(['--import', preload], { withinMs: 120_000 }),
    heapAfterIdling(['--import', preload], { then }),
  ])
  expect(untouched).toBeGreaterThan(20)
  expect(idle).toBeLessThan(smallMb)
  expect(busy).toBeGreaterThan(20)
})
