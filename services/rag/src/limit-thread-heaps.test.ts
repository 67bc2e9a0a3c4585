import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from '@jest/globals'
import { parseJson } from '@weft/contracts'
import { z } from 'zod'

const file = join(import.meta.dirname, 'limit-thread-heaps.ts')

/** Megabytes that the young generations of a thread limited to 6 and of the main thread have after much short-lived work. */
async function youngMb(prepare: string): Promise<{ thread: number; main: number }> {
  const script = `
    import { Worker } from 'node:worker_threads'
    import { getHeapSpaceStatistics } from 'node:v8'
    ${prepare}
    function young() {
      let kept = []
      for (let at = 0; at < 2_000_000; at++) {
        kept.push({ at, more: [at] })
        if (kept.length > 60_000) kept = []
      }
      return getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').physical_space_size / 1_048_576
    }
    const imports = 'import { getHeapSpaceStatistics } from "node:v8"; import { parentPort } from "node:worker_threads"; '
    const code = new URL('data:text/javascript,' + encodeURIComponent(imports + 'parentPort.postMessage((' + young + ')())'))
    const worker = new Worker(code, { resourceLimits: { maxYoungGenerationSizeMb: 6 } })
    const thread = await new Promise((resolve) => worker.once('message', resolve))
    console.log(JSON.stringify({ thread, main: young() }))`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=16', '--input-type=module', '-e', script],
    { env: { PATH: process.env.PATH } },
  )
  return parseJson(z.object({ thread: z.number(), main: z.number() }), stdout, 'megabytes')
}

it('a thread keeps to its own limit for what is young, and the main thread to that of the process', async () => {
  const [before, after] = await Promise.all([
    youngMb(''),
    youngMb(`import { limitThreadHeaps } from ${JSON.stringify(file)}; limitThreadHeaps()`),
  ])
  expect(before.thread).toBeGreaterThan(8)
  expect(after.thread).toBeLessThan(8)
  expect(after.main).toBeGreaterThan(8)
})
