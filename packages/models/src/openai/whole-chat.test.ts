import { describe, expect, it } from '@jest/globals'
import { noAnswer } from '../attempt/answer-facts.ts'
import { readWholeChat } from './whole-chat.ts'

const choices =
  '"choices":[{"index":0,"message":{"role":"assistant","content":"so \\"model\\":\\"x\\" {"},"finish_reason":"stop"}]'

function read(body: string) {
  const facts = noAnswer()
  return { facts, text: readWholeChat(body, { publicId: 'openai/$&-1', provider: 'openai', facts }) }
}

describe('a whole answer', () => {
  it.each([
    `{"id":"c1","model":"gpt-\\"upstream",${choices}}`,
    `{ "seed": 12345678901234567890,\n "model" : "gpt",\n "cost": 1.50, ${choices}, "service": {"model":"other"} }`,
  ])('comes as it was written, but for the name of its model: %s', (body) => {
    const { text, facts } = read(body)
    expect(text).toBe(body.replace(/"gpt(?:-\\"upstream)?"/, () => '"openai/$&-1"'))
    expect(facts).toMatchObject({ finishReason: 'stop', hasContent: true })
  })

  it.each([
    ['behind other objects', `{${choices},"usage":{"model":"other"},"model":"gpt"}`],
    ['nowhere', `{"id":"c1",${choices}}`],
    ['as nothing', `{"model":null,${choices}}`],
  ])('has the name of its model where that stands %s', (_where, body) => {
    const before: object = JSON.parse(body)
    expect(JSON.parse(read(body).text)).toEqual({ ...before, model: 'openai/$&-1' })
  })
})
