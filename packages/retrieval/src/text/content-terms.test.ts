import { expect, it } from '@jest/globals'
import { contentTerms, countMeaningfulWords } from './content-terms.ts'

it('takes text without spaces for about as many words as it has', () => {
  expect(contentTerms('通知期为三个月')).toHaveLength(6)
  expect(countMeaningfulWords('通知期为三个月')).toBe(3)
  expect(countMeaningfulWords('Debian の設定')).toBe(2)
  expect(countMeaningfulWords('鍵')).toBe(1)
})

it('counts words of other text once each', () => {
  expect(countMeaningfulWords('The notice period, and notice of 3,000 periods')).toBe(3)
})

it('meets words that are typed without their accents', () => {
  expect(contentTerms('réseau coupé, Größe')).toEqual(contentTerms('reseau coupe, grosse'))
})
