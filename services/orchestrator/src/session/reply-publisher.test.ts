import { expect, it } from '@jest/globals'
import type { ReplyItem } from '@weft/contracts'
import { createReplyPublisher } from './reply-publisher.ts'

/** A broker that takes each batch only when it is told to. */
function slowBroker() {
  const batches: { topic: string; items: ReplyItem[]; take: () => void }[] = []
  const publisher = createReplyPublisher({
    publish: (topic, { items }) =>
      new Promise((resolve) => {
        batches.push({ topic, items, take: resolve })
      }),
    onProblem: () => {},
  })
  return { batches, publisher }
}

const end = (sessionId: string): ReplyItem => ({ kind: 'end', tenant: 'acme', sessionId, turn: 1, status: 'completed' })
const sessionsOf = ({ items }: { items: ReplyItem[] }) => items.map(({ sessionId }) => sessionId)
const aMoment = () => new Promise((resolve) => setTimeout(resolve, 5))

it('what is urgent goes at once, or together as soon as the broker has taken what went before', async () => {
  const { batches, publisher } = slowBroker()
  for (const sessionId of ['a', 'b', 'c']) publisher.send('gateway.1', end(sessionId), true)
  expect(batches.map(sessionsOf)).toEqual([['a']])
  batches[0]?.take()
  await aMoment()
  expect(batches.map(sessionsOf)).toEqual([['a'], ['b', 'c']])
})

it('a topic does not wait for another one', () => {
  const { batches, publisher } = slowBroker()
  publisher.send('gateway.1', end('a'), true)
  publisher.send('gateway.2', end('b'), true)
  expect(batches.map(({ topic }) => topic)).toEqual(['gateway.1', 'gateway.2'])
})

it('a broker that takes nothing holds up what is urgent for no longer than a batch', async () => {
  const { batches, publisher } = slowBroker()
  publisher.send('gateway.1', end('a'), true)
  publisher.send('gateway.1', end('b'), true)
  await new Promise((resolve) => setTimeout(resolve, 60))
  expect(batches.map(sessionsOf)).toEqual([['a'], ['b']])
})
