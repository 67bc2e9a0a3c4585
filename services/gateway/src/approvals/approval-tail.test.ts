import { expect, it } from '@jest/globals'
import { createApprovalTail } from './approval-tail.ts'

/** Histories that grow as a test says, and how often somebody asked for their ends. */
function histories(last: Record<string, number>) {
  const asked: string[][] = []
  const problems: unknown[] = []
  const database = { isAway: false }
  const tail = createApprovalTail({
    pollMs: 5,
    onProblem: (cause) => problems.push(cause),
    approvals: {
      async lastPositions(tenants) {
        asked.push(tenants)
        if (database.isAway) throw new Error('away')
        return new Map(Object.entries(last))
      },
    },
  })
  return { tail, asked, problems, database }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

it('wakes the readers whose history has grown, and only those', async () => {
  const last: Record<string, number> = { acme: 3, other: 1 }
  const { tail } = histories(last)
  const woken: string[] = []
  const leaving = new AbortController()
  const wait = (tenant: string, position: number) =>
    tail.waitBeyond({ tenant, position }, leaving.signal).then(() => woken.push(`${tenant} ${position}`))
  const behind = wait('acme', 2)
  const upToDate = wait('acme', 3)
  const other = wait('other', 1)
  await behind
  await pause(20)
  expect(woken).toEqual(['acme 2'])
  last.acme = 4
  await upToDate
  expect(woken).toEqual(['acme 2', 'acme 3'])
  leaving.abort()
  await other
})

it('asks once for all readers, and no more when they have left', async () => {
  const { tail, asked } = histories({ acme: 1 })
  const leaving = new AbortController()
  const waiting = Array.from({ length: 50 }, () => tail.waitBeyond({ tenant: 'acme', position: 1 }, leaving.signal))
  await pause(40)
  leaving.abort()
  await Promise.all(waiting)
  expect(new Set(asked.map((tenants) => tenants.join()))).toEqual(new Set(['acme']))
  expect(asked.length).toBeLessThan(15)
  await pause(15)
  const count = asked.length
  await pause(30)
  expect(asked).toHaveLength(count)
})

it('waits while the database is away, and says so once', async () => {
  const { tail, problems, database } = histories({ acme: 2 })
  database.isAway = true
  const waiting = tail.waitBeyond({ tenant: 'acme', position: 1 }, new AbortController().signal)
  await pause(30)
  expect(problems).toHaveLength(1)
  database.isAway = false
  await waiting
})
