import { expect, it, jest } from '@jest/globals'
import type { Sidecar } from '@weft/mesh'
import { createKnownAgents } from './known-agents.ts'

/** A state store in which nothing is kept. */
const empty = { getState: async () => undefined, saveState: async () => undefined }
const settle = () => new Promise((resolve) => setImmediate(resolve))

it('versions are read again also while nobody asks, and stay while the planner is away', async () => {
  jest.useFakeTimers()
  const answers: (string | Error)[] = ['1', new Error('away'), '2']
  const agents = createKnownAgents({
    sidecar: {
      ...empty,
      async invoke(_app, _path, { schema }) {
        const answer = answers.shift()
        if (typeof answer !== 'string') throw answer
        return schema.parse({ cards: [{ id: 'rag', version: answer, capabilities: [] }] })
      },
    },
  })
  expect(agents.versions()).toEqual({})
  await jest.advanceTimersByTimeAsync(5_000)
  expect(agents.versions()).toEqual({ rag: '1' })
  await jest.advanceTimersByTimeAsync(5_000)
  expect(agents.versions()).toEqual({ rag: '2' })
  agents.stop()
  expect(jest.getTimerCount()).toBe(0)
  jest.useRealTimers()
})

it('an agent that was registered a moment ago is known, by its version, what it takes at once and what it puts out, before a plan with it begins', async () => {
  const schema = { type: 'object', properties: { text: { type: 'string' } } }
  const cardOf = (id: string) => ({
    id,
    version: '1',
    capabilities: [{ name: 'work', outputSchema: schema, maxConcurrency: 4, cites: false }],
  })
  const cards = [cardOf('rag')]
  let readings = 0
  const agents = createKnownAgents({
    sidecar: {
      ...empty,
      async invoke(_app, _path, { schema: wanted }) {
        readings += 1
        return wanted.parse({ cards })
      },
    },
  })
  await settle()
  cards.push(cardOf('ledger'))
  await agents.ensureKnown(['rag'])
  expect(readings).toBe(1)
  await Promise.all([agents.ensureKnown(['rag', 'ledger']), agents.ensureKnown(['ledger'])])
  expect(readings).toBe(2)
  expect(agents.versions()).toEqual({ rag: '1', ledger: '1' })
  expect([agents.maxConcurrencyOf('ledger', 'work'), agents.maxConcurrencyOf('ledger', 'rest')]).toEqual([4, undefined])
  expect([agents.mayCite('ledger', 'work'), agents.mayCite('ledger', 'rest')]).toEqual([false, true])
  expect(agents.outputOf('ledger', 'work')?.safeParse({ text: 1 }).success).toBe(false)
})

it('an agent whose card does not say how much it takes at once takes a usual number, and whoever waits for the cards is told that they were read', async () => {
  const onRead = jest.fn()
  const capabilities = [{ name: 'work', outputSchema: {} }]
  const cards = [{ id: 'rag', version: '1', capabilities }]
  const agents = createKnownAgents({
    sidecar: { ...empty, invoke: async (_app, _path, { schema }) => schema.parse({ cards }) },
    onRead,
  })
  expect(agents.maxConcurrencyOf('rag', 'work')).toBeUndefined()
  await settle()
  expect([agents.maxConcurrencyOf('rag', 'work'), onRead.mock.calls.length]).toEqual([256, 1])
  agents.stop()
})

it('an agent that is registered while the cards are being read is known before a plan with it begins', async () => {
  const answers: (() => void)[] = []
  const cardOf = (id: string) => ({ id, version: '1', capabilities: [] })
  const cards = [cardOf('rag')]
  const agents = createKnownAgents({
    sidecar: {
      ...empty,
      async invoke(_app, _path, { schema: wanted }) {
        const read = wanted.parse({ cards: [...cards] })
        await new Promise<void>((resolve) => answers.push(resolve))
        return read
      },
    },
  })
  cards.push(cardOf('ledger'))
  const met = agents.ensureKnown(['ledger'])
  for (let reading = 0; reading < 2; reading += 1) {
    await settle()
    answers[reading]?.()
  }
  await met
  expect(agents.versions()).toEqual({ rag: '1', ledger: '1' })
})

it('what a capability puts out is known as its card says it, and nothing is checked where it says nothing', async () => {
  const outputSchema = { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] }
  const capabilities = [
    { name: 'answer', outputSchema },
    { name: 'anything', outputSchema: {} },
    { name: 'unreadable', outputSchema: { type: 'nonsense' } },
  ]
  const agents = createKnownAgents({
    sidecar: {
      ...empty,
      invoke: async (_app, _path, { schema }) => schema.parse({ cards: [{ id: 'rag', version: '1', capabilities }] }),
    },
  })
  await settle()
  const answer = agents.outputOf('rag', 'answer')
  expect(answer?.safeParse({ text: 'yes', more: 1 }).success).toBe(true)
  expect(answer?.safeParse({ text: 1 }).success).toBe(false)
  for (const capability of ['anything', 'unreadable', 'unknown']) expect(agents.outputOf('rag', capability)).toBeUndefined()
  expect(agents.outputOf('nobody', 'answer')).toBeUndefined()
})

it('no regular expression of a card is run', async () => {
  const outputSchema = { type: 'object', properties: { text: { type: 'string', pattern: '^(a+)+$' } } }
  const capabilities = [{ name: 'answer', outputSchema }]
  const agents = createKnownAgents({
    sidecar: {
      ...empty,
      invoke: async (_app, _path, { schema }) => schema.parse({ cards: [{ id: 'rag', version: '1', capabilities }] }),
    },
  })
  await settle()
  expect(agents.outputOf('rag', 'answer')?.safeParse({ text: `${'a'.repeat(40)}!` }).success).toBe(true)
})

it('a host that starts while the planner is away knows the cards that one before it has read', async () => {
  const stored = new Map<string, unknown>()
  const store: Pick<Sidecar, 'getState' | 'saveState'> = {
    getState: async (key, schema) => (stored.has(key) ? schema.parse(stored.get(key)) : undefined),
    saveState: async (key, value) => void stored.set(key, value),
  }
  const cards = [{ id: 'rag', version: '1', capabilities: [{ name: 'work', outputSchema: {}, maxConcurrency: 4 }] }]
  const before = createKnownAgents({ sidecar: { ...store, invoke: async (_app, _path, { schema }) => schema.parse({ cards }) } })
  await settle()
  before.stop()
  const onRead = jest.fn()
  const invoke = () => Promise.reject(new Error('away'))
  const agents = createKnownAgents({ sidecar: { ...store, invoke }, onRead })
  await settle()
  expect([agents.versions(), agents.maxConcurrencyOf('rag', 'work'), onRead.mock.calls.length]).toEqual([{ rag: '1' }, 4, 1])
  agents.stop()
})
