import { expect, it } from '@jest/globals'
import { findLongFunctions } from './find-long-functions.ts'

const body = (lines: number) => Array.from({ length: lines }, () => '  work()').join('\n')

it('names functions that are longer than the limit, and no others', () => {
  const text = `export function short() {\n${body(3)}\n}\n\nasync function long(a: string): Promise<void> {\n${body(9)}\n}\n`
  expect(findLongFunctions(text, 10)).toEqual([{ name: 'long', line: 7, length: 11 }])
})
