import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { createProgress, formatElapsed } from './progress.mjs'

describe('progress', () => {
  it('tells times as people do', () => {
    expect(formatElapsed(420)).toBe('0.4 s')
    expect(formatElapsed(59_949)).toBe('59.9 s')
    expect(formatElapsed(188_000)).toBe('3 min 08 s')
  })

  it('writes plain lines without a terminal, one for a changing counter', async () => {
    const stream = recorder({ isTTY: false })
    await createProgress({ stream, now: () => 0 }).run('Dapr', async (note) => {
      for (const count of [1, 2, 3]) {
        note(`compiling, ${count} packages`)
        await delay(200)
      }
      note('1.18.2, own build')
    })
    expect(stream.text()).toBe(
      '… Dapr               0.0 s  compiling, 1 packages\n✓ Dapr               0.0 s  1.18.2, own build\n',
    )
  })

  it('redraws its lines in place on a terminal', async () => {
    const stream = recorder({ isTTY: true, columns: 80 })
    const progress = createProgress({ stream, now: () => 0 })
    await Promise.all([progress.run('Node', async () => {}), progress.run('Redis', async () => {})])
    const lastFrame = stream.text().split('\u001b[2A\u001b[0J').at(-1)
    expect(lastFrame).toBe('✓ Node               0.0 s\n✓ Redis              0.0 s\n')
  })

  it('marks a failed step and hands the failure on', async () => {
    const stream = recorder({ isTTY: false })
    const failing = createProgress({ stream }).run('Dapr', async () => {
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(stream.text()).toMatch(/^✗ Dapr/)
  })
})

function recorder(properties) {
  const written = []
  return { ...properties, write: (text) => written.push(text), text: () => written.join('') }
}
