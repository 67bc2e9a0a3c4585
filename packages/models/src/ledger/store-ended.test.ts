import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it } from '@jest/globals'
import type { CallRecord } from './call-record.ts'
import { finishOf, startOf } from './call-record.ts'
import { storeEnded } from './store-ended.ts'
import { callFacts, completed } from './testing/calls.ts'

const logger = { info: () => undefined, warn: () => undefined }

/** A database that is told when to take each batch. */
function slowCalls() {
  const batches: { ids: string[]; take(): void }[] = []
  const store = (records: readonly CallRecord[]) =>
    new Promise<void>((resolve) => batches.push({ ids: records.map(({ id }) => id), take: resolve }))
  return { batches, calls: { store, noteGone: async () => undefined } }
}

function end(id: string) {
  const record = { ...startOf(callFacts(id), 0), ...finishOf(id, completed) }
  return { record, onStored: () => undefined }
}

async function untilBegun(batches: readonly unknown[], count: number): Promise<void> {
  while (batches.length < count) await nextTurn()
}

it('stores calls that end while others are stored together with those that follow, not a few at a time', async () => {
  const { calls, batches } = slowCalls()
  const ended = storeEnded({ calls, logger })
  ended.add(end('first'))
  await untilBegun(batches, 1)
  ended.add(end('meanwhile'))
  batches[0]?.take()
  for (let turns = 0; turns < 3; turns += 1) await nextTurn()
  ended.add(end('right after'))
  await untilBegun(batches, 2)
  expect(batches.map(({ ids }) => ids)).toEqual([['first'], ['meanwhile', 'right after']])
  batches[1]?.take()
  ended.stop()
})

it('has all that ended before it is flushed in the database, and waits for nothing that ends later', async () => {
  const { calls, batches } = slowCalls()
  const ended = storeEnded({ calls, logger })
  ended.add(end('under way'))
  await untilBegun(batches, 1)
  for (let call = 0; call < 501; call += 1) ended.add(end(`call ${call}`))
  const flushed = ended.flush()
  for (let batch = 0; batch < 3; batch += 1) {
    await untilBegun(batches, batch + 1)
    ended.add(end(`later ${batch}`))
    batches[batch]?.take()
  }
  await flushed
  expect(batches.map(({ ids }) => ids.length)).toEqual([1, 500, 2])
  ended.stop()
})
