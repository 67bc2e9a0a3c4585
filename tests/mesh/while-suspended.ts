import { expect } from '@jest/globals'
import { readStatus } from './running-mesh.ts'
import { weft } from './shared-mesh.ts'

/** Acts while a process of the mesh stands still, and its supervisor too, which would replace it as soon as it finds it silent. */
export async function whileSuspended(name: string, act: () => Promise<void>): Promise<void> {
  const { processes } = readStatus((await weft(['status', '--json'])).stdout)
  const pids = ['supervisor', name].map((each) => processes.find((process) => process.name === each)?.pid ?? 0)
  for (const pid of pids) expect(pid).toBeGreaterThan(0)
  for (const pid of pids) process.kill(pid, 'SIGSTOP')
  try {
    await act()
  } finally {
    for (const pid of pids.toReversed()) process.kill(pid, 'SIGCONT')
  }
}
