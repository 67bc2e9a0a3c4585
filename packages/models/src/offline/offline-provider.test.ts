import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { buildAnswerPrompt } from '../step/answer-prompt.ts'
import { collect, failureOf } from '../testing/collect-events.ts'
import { createTestModels, type TestModels } from '../testing/test-models.ts'

let test: TestModels
beforeAll(async () => {
  test = await createTestModels()
})
afterAll(() => test.stop())

const model = 'offline/extractive'
const say = (content: string) => ({ model, messages: [{ role: 'user' as const, content }] })
const prompt = buildAnswerPrompt({
  question: 'What dyes cotton blue, and what gives red?',
  sources: [
    { id: 1, title: 'Indigo', text: 'Indigo dyes cotton blue. It is old.' },
    { id: 2, title: 'Madder', text: 'Madder gives red on cotton and wool.' },
  ],
})

it('answers the same prompt as the other models, sentence by sentence, each with its citation', async () => {
  const events = await collect(test.models.stream({ model, messages: prompt }))
  expect(events).toEqual([
    { type: 'text', delta: 'Indigo dyes cotton blue. [1]' },
    { type: 'text', delta: ' Madder gives red on cotton and wool. [2]' },
    { type: 'finish', reason: 'stop' },
    { type: 'usage', inputTokens: expect.any(Number), outputTokens: 18, costUsd: 0, measured: false, priceKnown: true },
  ])
  expect(await collect(test.models.stream({ model, messages: prompt }))).toEqual(events)
})

it('greets, and otherwise says plainly what it is and what would help', async () => {
  expect((await test.models.complete(say('Hello there!'))).text).toMatch(/^Hello!/)
  const { text } = await test.models.complete(say('What is the capital of Mongolia?'))
  expect(text).toContain('offline extractive model')
  expect(text).toContain('weft ingest')
  expect(text).toContain('OPENAI_API_KEY')
})

it('ends at whole sentences within the limit, and before a stop sequence', async () => {
  expect(await test.models.complete({ model, messages: prompt, maxOutputTokens: 10 })).toMatchObject({
    text: 'Indigo dyes cotton blue. [1]',
    finishReason: 'length',
  })
  expect(await test.models.complete({ model, messages: prompt, stop: ['red'] })).toMatchObject({
    text: 'Indigo dyes cotton blue. [1] Madder gives ',
    finishReason: 'stop',
  })
})

it('refuses what only another model can do', async () => {
  expect(await failureOf(test.models.complete({ ...say('x'), toolChoice: 'required' }))).toMatchObject({
    code: 'invalid_request',
    param: 'tool_choice',
  })
  expect(await failureOf(test.models.complete({ ...say('x'), responseFormat: { type: 'json_object' } }))).toMatchObject({
    param: 'response_format',
  })
})
