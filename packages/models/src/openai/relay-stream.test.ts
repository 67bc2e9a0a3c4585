import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from '@jest/globals'
import { noAnswer } from '../attempt/answer-facts.ts'
import { guardCall } from '../attempt/call-guard.ts'
import { ModelError } from '../model-error.ts'
import { beginRelay, type EventReader } from './relay-stream.ts'
import { createUpstreamBody } from './upstream-body.ts'

const chunk = (delta: object, reason: string | null = null) =>
  `data: ${JSON.stringify({ id: 'c', model: 'm', choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`
const said = (content: string) => chunk({ content, role: 'assistant' })
const last = `${chunk({}, 'stop')}data: [DONE]\n\n`
const asPublic = (events: string) => events.replaceAll('"model":"m"', '"model":"acme/m"')

/** A stream whose first text has come, and what became of its call. */
async function begun(first = said('one'), betweenMs = 60_000) {
  const body = createUpstreamBody()
  const facts = noAnswer()
  const guard = guardCall({ firstMs: 60_000, betweenMs, what: 'acme/m' })
  const became: string[] = []
  const ending = {
    completed: () => became.push('completed'),
    failed(thrown: unknown) {
      became.push('failed')
      return guard.reason() ?? (thrown instanceof ModelError ? thrown : new ModelError('upstream_error', String(thrown)))
    },
    async over() {
      became.push('over')
      guard.end()
    },
  }
  guard.signal.addEventListener('abort', () => body.end(new Error('aborted')))
  const send = (events: string) => body.add(Buffer.from(events))
  send(first)
  const relay = { provider: 'acme', publicId: 'acme/m', keepsUsage: false, facts, guard, ending }
  return { events: await beginRelay(relay, body), send, end: body.end, became }
}

function reader(more: Partial<EventReader> = {}) {
  const written: string[] = []
  const write = (events: string) => void written.push(events)
  return { written, write, hasLeft: () => false, ...more }
}

it('pours what has come and what comes, once and in order, to the end of the call', async () => {
  const { events, send, end, became } = await begun()
  const out = reader()
  const poured = events.pour(out)
  for (const text of ['two', 'drei €', 'four']) {
    send(said(text))
    await sleep(1)
  }
  send(last)
  end()
  await poured
  expect(out.written.join('')).toBe(asPublic(['one', 'two', 'drei €', 'four'].map(said).join('') + last))
  expect(became).toEqual(['completed', 'over'])
})

it('waits for no end of a body that is left open after its last event', async () => {
  const { events, send, became } = await begun()
  const out = reader()
  const poured = events.pour(out)
  send(last)
  await poured
  expect(out.written.join('')).toBe(asPublic(said('one') + last))
  expect(became).toEqual(['completed', 'over'])
})

it('waits for a reader that does not keep up, and then gives it what has come meanwhile in one piece', async () => {
  const { events, send, end } = await begun()
  const room = Promise.withResolvers<void>()
  const out = reader()
  const write = (text: string) => {
    out.written.push(text)
    return out.written.length === 1 ? room.promise : undefined
  }
  const poured = events.pour({ ...out, write })
  send(said('two'))
  send(said('three') + last)
  await sleep(5)
  expect(out.written).toHaveLength(1)
  room.resolve()
  end()
  await poured
  expect(out.written).toHaveLength(2)
})

it('ends the call of a reader that has left, as one that was not completed', async () => {
  const { events, send, became } = await begun()
  let isGone = false
  const poured = events.pour(reader({ hasLeft: () => isGone }))
  await sleep(1)
  isGone = true
  send(said('two'))
  await poured
  expect(became).toEqual(['over'])
})

it('blames a model that falls silent after its first text', async () => {
  const { events, became } = await begun(said('one'), 20)
  await expect(events.pour(reader())).rejects.toMatchObject({ code: 'timeout' })
  expect(became).toEqual(['failed', 'over'])
})

it('writes the text that came with an error, and then fails', async () => {
  const { events, became } = await begun(`${said('one')}data: {"error":{"message":"out of memory"}}\n\n`)
  const out = reader()
  await expect(events.pour(out)).rejects.toMatchObject({ message: expect.stringContaining('out of memory') })
  expect(out.written).toEqual([asPublic(said('one'))])
  expect(became).toEqual(['failed', 'over'])
})
