import { expect, it } from '@jest/globals'
import { findHeadings } from './pdf-headings.ts'

function page(...texts: string[]) {
  return texts.map((text, index) => ({ text, y: 700 - 12 * index, height: 10 }))
}

function titlesOf(pages: ReturnType<typeof page>[], outline: { title: string; level: number; page: number }[]) {
  return [...findHeadings(pages, outline)].map(([line, { level, title }]) => `${level} ${title}: ${line.text}`)
}

it('finds the lines that an outline names, with or without their numbers, in capitals or without accents, and by their first line', () => {
  const pages = [
    page('CHAPTER', 'LOOMS AND SHUTTLES', 'Text.', '1.1 Übliche Nutzung', 'Architectures are many.', '1.2.3 Architectures'),
    page('第2章 はじめの一歩', 'A.1 Very long titles that', 'go on'),
  ]
  const outline = [
    { title: '1 Looms and Shuttles', level: 1, page: 0 },
    { title: 'Ubliche Nutzung', level: 2, page: 0 },
    { title: 'Architectures', level: 3, page: 0 },
    { title: 'はじめの一歩', level: 1, page: 1 },
    { title: 'Very long titles that go on', level: 2, page: 1 },
  ]
  expect(titlesOf(pages, outline)).toEqual([
    '1 1 Looms and Shuttles: LOOMS AND SHUTTLES',
    '2 Ubliche Nutzung: 1.1 Übliche Nutzung',
    '3 Architectures: 1.2.3 Architectures',
    '1 はじめの一歩: 第2章 はじめの一歩',
    '2 Very long titles that go on: A.1 Very long titles that',
  ])
})

it('begins a page with what no line of it names when more stands under that, and else leaves it out', () => {
  const pages = [page('Picture of a loom', '1.1 Parts')]
  const outline = [
    { title: 'Weaving', level: 1, page: 0 },
    { title: 'Parts', level: 2, page: 0 },
    { title: 'Nowhere', level: 2, page: 0 },
    { title: 'Beyond', level: 1, page: 9 },
  ]
  expect(titlesOf(pages, outline)).toEqual(['1 Weaving: Picture of a loom', '2 Parts: 1.1 Parts'])
})
