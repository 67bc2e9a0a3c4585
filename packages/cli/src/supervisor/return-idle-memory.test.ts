import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'

const preload = join(import.meta.dirname, 'return-idle-memory.ts')

/** Leaves about 30 MB of garbage in the old generation, does `then`, and tells how much of the heap is in use 7 s later. */
function heapAfterIdling(args: string[], then: string): number {
  const leaveGarbage = 'let kept = Array.from({ length: 300_000 }, (_, i) => ({ i, text: "x" + i })); kept = undefined'
  const tell = 'setTimeout(() => { console.log(process.memoryUsage().heapUsed); process.exit() }, 7_000)'
  const script = `${leaveGarbage}; ${then}; ${tell}`
  const output = execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', ...args, '-e', script], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  })
  return Number(output) / 1_048_576
}

it('an idle process gives back what starting left behind', () => {
  expect(heapAfterIdling([], '')).toBeGreaterThan(20)
  expect(heapAfterIdling(['--import', preload], '')).toBeLessThan(12)
})

it('a busy process is not interrupted', () => {
  const work = 'setInterval(() => { const until = performance.now() + 20; while (performance.now() < until); }, 100)'
  expect(heapAfterIdling(['--import', preload], work)).toBeGreaterThan(20)
})
