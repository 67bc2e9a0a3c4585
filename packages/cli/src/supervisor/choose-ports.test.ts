import { createServer } from 'node:net'
import { expect, it } from '@jest/globals'
import { choosePorts, holdNext, portsFrom, probePort } from './choose-ports.ts'

it('gives every name a free port of its own, below those systems use for outgoing connections', async () => {
  const names = Array.from({ length: 40 }, (_, index) => `p${index}`)
  const ports = Object.values(await choosePorts(names))
  expect(new Set(ports).size).toBe(40)
  for (const port of ports) {
    expect(port).toBeGreaterThanOrEqual(15_000)
    expect(port).toBeLessThan(32_000)
  }
})

it('takes the ports of an earlier start again, but for one that another program has meanwhile', async () => {
  const earlier = await choosePorts(['kept', 'lost'])
  const other = createServer().listen(earlier.lost, '127.0.0.1')
  await new Promise((resolve) => other.once('listening', resolve))
  try {
    expect(await probePort(earlier.lost ?? 0)).toBe('taken')
    const ports = await choosePorts(['kept', 'lost'], earlier)
    expect(ports.kept).toBe(earlier.kept)
    expect(ports.lost).not.toBe(earlier.lost)
  } finally {
    await new Promise((resolve) => other.close(resolve))
  }
})

it('tries every candidate at most once, from any place in the range', () => {
  const candidates = [...portsFrom(0.999)]
  expect(new Set(candidates).size).toBe(candidates.length)
  expect(Math.max(...candidates)).toBeLessThan(32_000)
})

it('says in one line that no port is free', async () => {
  const none = portsFrom(0)
  none.return(undefined)
  await expect(holdNext(none)).rejects.toMatchObject({ name: 'CliError', code: 'no_free_port' })
})
