import { describe, expect, it, jest } from '@jest/globals'
import type { Reach } from './postgres-log-reach.ts'
import { createToldSessions } from './told-sessions.ts'

const place = (sessionId: string, tenant = 'acme') => ({ tenant, sessionId })

/** A log that reaches further with every look. */
function growingLog(reached: Record<string, Reach['seq']> = {}) {
  const looks: { tenant: string; reach: Reach[] }[] = []
  return {
    looks,
    reached,
    findBehind: async (tenant: string, reach: Reach[]) => {
      looks.push({ tenant, reach })
      const behind = reach.filter(({ sessionId, seq }) => reached[sessionId] !== seq).map(({ sessionId }) => sessionId)
      for (const { sessionId, seq } of reach) reached[sessionId] = seq
      return new Set(behind)
    },
  }
}

describe('a list', () => {
  it('is read when the log holds all that callers were told, and asks nothing when they were told nothing', async () => {
    const log = growingLog()
    const told = createToldSessions(log)
    await told.settle('acme')
    expect(log.looks).toEqual([])
    told.tell(place('a'), 3)
    told.tell(place('a'), 7)
    told.tell(place('a'), 5)
    told.tell(place('gone'), 'deleted')
    await told.settle('acme')
    expect(log.reached).toEqual({ a: 7, gone: 'deleted' })
    expect(log.looks).toHaveLength(2)
    await told.settle('acme')
    expect(log.looks).toHaveLength(2)
  })

  it('waits for the own tenant alone', async () => {
    const log = growingLog()
    const told = createToldSessions(log)
    told.tell(place('a', 'other'), 3)
    await told.settle('acme')
    expect(log.looks).toEqual([])
  })

  it('is read as it is when the log is more than five seconds behind', async () => {
    let nowMs = 0
    const told = createToldSessions({ findBehind: async () => new Set(['a']) }, () => {
      nowMs += 700
      return nowMs
    })
    told.tell(place('a'), 3)
    await expect(told.settle('acme')).resolves.toBeUndefined()
  })

  it('asks a log that stays behind ever more rarely', async () => {
    let looks = 0
    const findBehind = async () => {
      looks += 1
      return new Set(['a'])
    }
    const told = createToldSessions({ findBehind }, () => 10 * Date.now())
    told.tell(place('a'), 3)
    await told.settle('acme')
    expect(looks).toBeLessThan(10)
  })

  it('is waited for by callers who were told more while others waited', async () => {
    const log = growingLog()
    const told = createToldSessions(log)
    told.tell(place('a'), 3)
    const first = told.settle('acme')
    told.tell(place('a'), 4)
    await first
    await told.settle('acme')
    expect(log.reached).toEqual({ a: 4 })
  })
})

it('a list does not wait longer when the clock is set back', async () => {
  const clock = jest.spyOn(Date, 'now').mockReturnValue(7_200_000)
  let monotonicMs = 0
  const steady = jest.spyOn(performance, 'now').mockImplementation(() => (monotonicMs += 700))
  const told = createToldSessions({ findBehind: async () => new Set(['a']) })
  told.tell(place('a'), 3)
  clock.mockReturnValue(0)
  await expect(told.settle('acme')).resolves.toBeUndefined()
  clock.mockRestore()
  steady.mockRestore()
})
