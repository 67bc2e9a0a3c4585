import { expect, it } from '@jest/globals'
import type { AgentCard } from '@weft/contracts'
import { createJoinedCards } from './joined-cards.ts'

const capability = { name: 'pay', description: 'Pays.', inputSchema: {}, outputSchema: {}, effects: 'external' as const }
const billing: AgentCard = { id: 'billing', version: '1', description: 'Pays bills.', capabilities: [capability] }

function cardsOf(answers: (AgentCard[] | Error)[]) {
  const clock = { nowMs: 0, asked: 0 }
  const cards = createJoinedCards({
    nowMs: () => clock.nowMs,
    onProblem: () => undefined,
    sidecar: {
      async invoke(_app, _path, { schema }) {
        const answer = answers[Math.min(clock.asked++, answers.length - 1)]
        if (answer instanceof Error || answer === undefined) throw answer
        return schema.parse({ cards: answer })
      },
    },
  })
  return { cards, clock }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

it('waits for the first answer, and asks again no more often than every two seconds', async () => {
  const { cards, clock } = cardsOf([[], [billing]])
  expect(await cards.read({ isFresh: false })).toEqual([])
  await cards.read({ isFresh: false })
  expect(clock.asked).toBe(1)
  clock.nowMs += 2_000
  await cards.read({ isFresh: false })
  await settle()
  expect(await cards.read({ isFresh: false })).toEqual([billing])
})

it('finds at once who joined a moment ago, when told to look', async () => {
  const { cards } = cardsOf([[], [billing]])
  await cards.read({ isFresh: false })
  expect(await cards.read({ isFresh: true })).toEqual([billing])
})

it('keeps what it knew while the gateway cannot be asked, and says so to who has to know who joined', async () => {
  const { cards, clock } = cardsOf([[billing], new Error('away')])
  await cards.read({ isFresh: false })
  await expect(cards.read({ isFresh: true })).rejects.toMatchObject({ code: 'dependency_unavailable' })
  clock.nowMs += 2_000
  expect(await cards.read({ isFresh: false })).toEqual([billing])
  await settle()
})

it('does not take for fresh what was asked before', async () => {
  const { cards, clock } = cardsOf([[], [], [billing]])
  await cards.read({ isFresh: false })
  clock.nowMs += 2_000
  await cards.read({ isFresh: false })
  expect(await Promise.all([cards.read({ isFresh: true }), cards.read({ isFresh: true })])).toEqual([[billing], [billing]])
  expect(clock.asked).toBe(3)
})
