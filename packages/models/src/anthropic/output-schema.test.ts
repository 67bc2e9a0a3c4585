import { expect, it } from '@jest/globals'
import { outputSchema } from './output-schema.ts'

it('tells in descriptions what Anthropic’s schemas cannot bound, wherever it stands, and closes objects', () => {
  const age = { type: 'integer', minimum: 0, maximum: 150, description: 'In years' }
  const schema = {
    type: 'object',
    properties: {
      name: { type: 'string', minLength: 1, pattern: '^[A-Z]' },
      minimum: { anyOf: [age, { type: 'null' }] },
      mails: { type: 'array', items: { type: 'string', format: 'email' }, minItems: 2 },
      site: { type: 'string', format: 'regex' },
      home: { $ref: '#/$defs/Home' },
    },
    required: ['name'],
    $defs: { Home: { type: ['object', 'null'], properties: { floor: { type: 'number', multipleOf: 1, default: 0 } } } },
  }
  expect(outputSchema(schema)).toEqual({
    type: 'object',
    properties: {
      name: { type: 'string', pattern: '^[A-Z]', description: '{minLength: 1}' },
      minimum: { anyOf: [{ type: 'integer', description: 'In years\n\n{minimum: 0, maximum: 150}' }, { type: 'null' }] },
      mails: { type: 'array', items: { type: 'string', format: 'email' }, description: '{minItems: 2}' },
      site: { type: 'string', description: '{format: "regex"}' },
      home: { $ref: '#/$defs/Home' },
    },
    required: ['name'],
    additionalProperties: false,
    $defs: {
      Home: {
        type: ['object', 'null'],
        properties: { floor: { type: 'number', default: 0, description: '{multipleOf: 1}' } },
        additionalProperties: false,
      },
    },
  })
})

it('leaves what has no counterpart for Anthropic to refuse, and values that look like schemas as they are', () => {
  const map = { type: 'object', additionalProperties: { type: 'string', minLength: 1 } }
  expect(outputSchema(map)).toEqual(map)
  const choice = { enum: ['minimum', { minimum: 1 }], const: { maximum: 2 } }
  expect(outputSchema(choice)).toEqual(choice)
})
