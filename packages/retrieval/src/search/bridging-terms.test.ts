import { expect, it } from '@jest/globals'
import { bridgingTerms } from './bridging-terms.ts'

it('finds the names a passage brings in, once each, and not those of the question', () => {
  const passage =
    'The film was directed by Ana de Silva in Lisbon. Ana de Silva was born in Cape Town, like Bob. The film Blue Moon won.'
  expect(bridgingTerms('Who is the spouse of the director of Blue Moon?', passage)).toEqual([
    'Ana de Silva',
    'Lisbon',
    'Cape Town',
    'Bob',
  ])
})

it('takes twelve at most, and nothing from a passage without names', () => {
  const many = Array.from({ length: 30 }, (_, index) => `and Name${index}x, `).join('')
  expect(bridgingTerms('', many)).toHaveLength(12)
  expect(bridgingTerms('what?', 'rain fell on the roof all night.')).toEqual([])
})
