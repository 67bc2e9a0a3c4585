import { afterAll, describe, expect, it } from '@jest/globals'
import type { AnswerClaims } from './core/judge-answer.ts'
import { createSchemaJudge } from './schema-judge.ts'

const judge = createSchemaJudge({ patienceMs: 60_000 })
afterAll(() => judge.stop())

const claim = (text: string, schema?: Record<string, unknown>): AnswerClaims => ({
  kind: 'schema',
  claimed: [{ text, schema }],
  lost: 0,
})
const point = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  properties: { x: { type: 'number', minimum: 0 }, unit: { enum: ['m', 'km'] } },
  required: ['x'],
  additionalProperties: false,
}

describe('an answer in JSON', () => {
  it.each<[string, Record<string, unknown> | undefined, number]>([
    ['{"x":1,"unit":"m"}', point, 1],
    ['{"x":"1"}', point, 0],
    ['{"x":-1}', point, 0],
    ['{"x":1,"unit":"mile"}', point, 0],
    ['{"x":1,"y":2}', point, 0],
    ['{"x":1', point, 0],
    ['[1,2]', { type: 'array', items: { type: 'number' } }, 1],
    ['{"anything":true}', undefined, 1],
  ])('%s is worth what the whole schema says', async (text, schema, reward) => {
    expect(await judge.judge(claim(text, schema))).toEqual({ kind: 'schema', reward })
  })

  it('is worth the share of its calls that keep to the tools', async () => {
    const claims: AnswerClaims = {
      kind: 'tools',
      claimed: [
        { text: '{"x":1}', schema: point },
        { text: '{"x":"one"}', schema: point },
        { text: '{}', schema: undefined },
      ],
      lost: 1,
    }
    expect(await judge.judge(claims)).toEqual({ kind: 'tools', reward: 0.5 })
  })

  it('is judged by its required fields where the schema is none', async () => {
    const none = { type: 'no such type', required: ['x'] }
    expect([(await judge.judge(claim('{"x":1}', none))).reward, (await judge.judge(claim('{}', none))).reward]).toEqual([1, 0])
  })

  it('is judged by its required fields where the validator comes to no end, and the next one as ever', async () => {
    const hasty = createSchemaJudge({ patienceMs: 500 })
    const endless = { type: 'object', properties: { a: { pattern: '^(a+)+$' } }, required: ['a'] }
    expect(await hasty.judge(claim(`{"a":"${'a'.repeat(50)}!"}`, endless))).toEqual({ kind: 'schema', reward: 1 })
    await hasty.stop()
  })
})
