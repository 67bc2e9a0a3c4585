import { expect, it } from '@jest/globals'
import { WeftError } from '@weft/contracts'
import { inResponseTerms } from './response-terms.ts'

it.each([
  [
    'response_format',
    "'response_format' does not go with weft/… models",
    'text.format',
    "'text.format' does not go with weft/… models",
  ],
  ['messages.2.role', "the request: 'messages.2.role' is missing", 'input', "the request: 'input' is missing"],
  ['tools.0.function.name', "openai: 'tools.0.function.name' is wrong", 'tools.0.name', "openai: 'tools.0.name' is wrong"],
  ['response_format.json_schema.name', 'openai: it is wrong', 'text.format.name', 'openai: it is wrong'],
  ['verbosity', 'openai: it is wrong', 'text.verbosity', 'openai: it is wrong'],
  ['tool_choice', "'tool_choice' does not go with weft/… models", 'tool_choice', "'tool_choice' does not go with weft/… models"],
])('a refusal of %s has one name for the field, the one that the caller of /v1/responses sent', (param, message, named, said) => {
  expect(inResponseTerms(new WeftError('invalid_request', message, { param }))).toMatchObject({ param: named, message: said })
})
