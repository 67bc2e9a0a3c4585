import { expect, it } from '@jest/globals'
import { splitLines } from './logs.ts'

it('hands on every line once it is whole, wherever its bytes were cut', () => {
  const lines: string[] = []
  const take = splitLines((line) => void lines.push(line))
  const bytes = Buffer.from('первая\n\nsecond\nthe third is not wh')
  for (let index = 0; index < bytes.length; index += 3) take(bytes.subarray(index, index + 3))
  expect(lines).toEqual(['первая', '', 'second'])
})
