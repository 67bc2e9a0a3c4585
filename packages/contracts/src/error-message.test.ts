import { runInNewContext } from 'node:vm'
import { expect, it } from '@jest/globals'
import { errorMessage } from './error-message.ts'

it.each([
  ['an error', new TypeError('no such file'), 'no such file'],
  ['an error of another context', runInNewContext('new Error("no such file")'), 'no such file'],
  ['the reason of a time-out', new DOMException('took too long', 'TimeoutError'), 'took too long'],
  ['a text', 'no such file', 'no such file'],
  ['nothing at all', undefined, 'undefined'],
])('the reason is the message of %s', (_what, thrown, message) => {
  expect(errorMessage(thrown)).toBe(message)
})
