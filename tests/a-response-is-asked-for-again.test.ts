import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { type ModelServer, startOpenAiServer } from '@weft/models/testing'
import type OpenAI from 'openai'
import { installPythonClient, type PythonClient } from './mesh/python-client.ts'
import { openAiClient, sharedMesh } from './mesh/shared-mesh.ts'

type StreamEvent = OpenAI.Responses.ResponseStreamEvent

let openAi: ModelServer
let python: PythonClient | undefined
beforeAll(async () => {
  openAi = await startOpenAiServer({ port: sharedMesh().openAiPort, models: ['test-model'] })
  python = await installPythonClient()
})
afterAll(async () => {
  await openAi.stop()
  await python?.remove()
})

const textOf = (events: StreamEvent[]) =>
  events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : '')).join('')

async function take(events: AsyncIterable<StreamEvent>, isLast: (event: StreamEvent) => boolean): Promise<StreamEvent[]> {
  const taken: StreamEvent[] = []
  for await (const event of events) {
    taken.push(event)
    if (isLast(event)) break
  }
  return taken
}

it('a response in the background whose stream breaks off is streamed on behind the last event that came, to the end it has when it is retrieved', async () => {
  const { responses } = openAiClient()
  const metadata = { ticket: '7' }
  const wish = { model: 'weft/direct', input: 'Say hello.', background: true, stream: true, metadata } as const
  const first = await take(await responses.create(wish), ({ type }) => type === 'response.output_text.delta')
  const [created] = first
  const id = created?.type === 'response.created' ? created.response.id : ''
  const from = first.at(-1)?.sequence_number ?? 0
  const rest = await take(await responses.retrieve(id, { stream: true, starting_after: from }), () => false)
  expect(rest.every(({ sequence_number }) => sequence_number > from)).toBe(true)
  expect(rest.at(-1)).toMatchObject({ type: 'response.completed', response: { background: true } })
  const whole = await responses.retrieve(id)
  expect(whole).toMatchObject({ id, status: 'completed', background: true, metadata })
  expect(whole.output_text).toBe(textOf([...first, ...rest]))
  const again = await take(await responses.retrieve(id, { stream: true }), () => false)
  expect(textOf(again)).toBe(whole.output_text)
  // Of text, part, item and response. Text itself comes in as many pieces as there is time for.
  const closing = (events: StreamEvent[]) => events.slice(-4).map(({ sequence_number }) => sequence_number)
  expect(closing(again)).toEqual(closing(rest))
})

it('and so it is by OpenAI’s client for Python', async () => {
  const { url, apiKey } = sharedMesh()
  const printed = await python?.run('response_again.py', { OPENAI_BASE_URL: `${url}/v1`, OPENAI_API_KEY: apiKey })
  const seen = { isWhole: true, last: 'response.completed', isBackground: true, items: ['user'] }
  if (printed !== undefined) expect(JSON.parse(printed)).toEqual(seen)
})

it.each(['openai/test-model', 'weft/direct'])('the items that a response of %s was made from are listed', async (model) => {
  const { responses } = openAiClient()
  const first = await responses.create({ model, input: 'One' })
  const second = await responses.create({ model, input: 'Two', previous_response_id: first.id })
  const roles: unknown[] = []
  for await (const item of responses.inputItems.list(second.id, { order: 'asc', limit: 2 }))
    roles.push('role' in item ? item.role : item.type)
  expect(roles).toEqual(['user', 'assistant', 'user'])
})

it.each([true, false])('a workflow’s response that is stored (%s) can be deleted, and its session lives on', async (store) => {
  const client = openAiClient()
  const { id } = await client.responses.create({ model: 'weft/direct', input: 'Say hello.', store })
  const sessionId = id.slice('resp_'.length, id.lastIndexOf('.'))
  if (store) {
    expect(await client.responses.retrieve(id)).toMatchObject({ id, status: 'completed' })
    await client.responses.delete(id)
  }
  await expect(client.responses.retrieve(id)).rejects.toMatchObject({ status: 404 })
  await expect(client.responses.delete(id)).rejects.toMatchObject({ status: 404 })
  expect(await client.get(`/sessions/${sessionId}`)).toMatchObject({ turns: [{ status: 'completed' }] })
})

it('the same request under one Idempotency-Key is the same answer', async () => {
  const body = { model: 'weft/direct', messages: [{ role: 'user' as const, content: 'Say hello.' }] }
  const once = { headers: { 'idempotency-key': `again-${crypto.randomUUID()}` } }
  const { chat } = openAiClient()
  const first = await chat.completions.create(body, once)
  await new Promise((resolve) => setTimeout(resolve, 1_100))
  const again = await chat.completions.create(body, once)
  expect(again.choices[0]?.message).toMatchObject({ reasoning_content: 'plan: answer\nanswer: started' })
  // A busy mesh may have answered before it told how far it was; the log has it.
  for (const { message } of [...first.choices, ...again.choices]) Reflect.deleteProperty(message, 'reasoning_content')
  expect(again).toEqual(first)
})
