import { expect, it } from '@jest/globals'
import { withoutRunningLines } from './pdf-running-lines.ts'

const line = (text: string, y: number) => ({ text, y, height: 10 })

function remaining(pages: { text: string; y: number; height: number }[][]): string[][] {
  return withoutRunningLines(pages).map((lines) => lines.map(({ text }) => text))
}

it('leaves running titles and page numbers to the first page that bears them', () => {
  const pages = [3, 4, 5, 6].map((number) => [
    line(`Chapter 4. Looms ${number}`, 40),
    line('Handbook, Release 12.18', 760),
    line(`Text of page ${number}.`, 720),
    line('More text.', 708),
  ])
  expect(remaining(pages)).toEqual([
    ['Chapter 4. Looms 3', 'Handbook, Release 12.18', 'Text of page 3.', 'More text.'],
    ['Text of page 4.', 'More text.'],
    ['Text of page 5.', 'More text.'],
    ['Text of page 6.', 'More text.'],
  ])
})

it('keeps what differs by more than the page’s number: each account of a run of statements', () => {
  const pages = [1_204, 7_731, 3_350].map((account) => [
    line(`Account ${account}`, 760),
    ...[720, 708, 696].map((y) => line('Fee 12.', y)),
  ])
  expect(remaining(pages).map(([title]) => title)).toEqual(['Account 1204', 'Account 7731', 'Account 3350'])
})

it('keeps all of a page that says little, as a slide does', () => {
  const pages = [1, 2, 3].map(() => [line('Questions?', 700), line('Ask us.', 400)])
  expect(remaining(pages)).toEqual([1, 2, 3].map(() => ['Questions?', 'Ask us.']))
})

it('keeps what is repeated in the text, such as the head of a table that goes on over pages', () => {
  const pages = [1, 2, 3].map((row) => [
    line('Name | Size', 720),
    line(`row ${row} | 7`, 708),
    line('end', 696),
    line('sum', 684),
  ])
  expect(remaining(pages).every(([head]) => head === 'Name | Size')).toBe(true)
})

it('keeps what only two pages bear', () => {
  const pages = ['Part one', 'Part one', 'Part two'].map((title) => [
    line(title, 760),
    ...[720, 708, 696].map((y) => line('Text.', y)),
  ])
  expect(remaining(pages).map(([title]) => title)).toEqual(['Part one', 'Part one', 'Part two'])
})
