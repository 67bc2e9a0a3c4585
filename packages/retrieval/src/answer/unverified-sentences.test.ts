import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createSentenceGate, type Unverified } from './unverified-sentences.ts'

const said =
  'Whales are mammals [1]. They fly at night. The heart weighs 180 kg. [2] It is red.\n\nWhat else? Nothing more is known.'

describe('sentences without a verified citation', () => {
  it('go out as they are when they are kept', () => {
    expect(run('keep', [said])).toEqual({ text: said, changed: 0 })
  })

  it('are marked behind their full stop', () => {
    expect(run('mark', [said])).toEqual({
      text: 'Whales are mammals [1]. They fly at night. [unverified] The heart weighs 180 kg. [2] It is red. [unverified]\n\nWhat else? Nothing more is known. [unverified]',
      changed: 3,
    })
  })

  it('are left out, and the paragraphs stay apart', () => {
    expect(run('drop', [said])).toEqual({
      text: 'Whales are mammals [1]. The heart weighs 180 kg. [2] \n\nWhat else? ',
      changed: 3,
    })
  })

  it('come out alike however the text is cut', () => {
    const whole = run('mark', [said])
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (sizes) => {
        const deltas: string[] = []
        for (let at = 0, turn = 0; at < said.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1
          deltas.push(said.slice(at, at + size))
          at += size
        }
        expect(run('mark', deltas)).toEqual(whole)
      }),
    )
  })

  it.each([
    ['code', '```js\nconst whale = 1. // A line. Another line.\n```\n'],
    ['headings, announcements and questions', '# Whales today\n\nThe figures are these:\n\nWhich whale is it?'],
    ['an answer that says it found nothing', 'I found no evidence of flying whales. Ingest documents about them.'],
    ['what is said of the search', 'On “nylon” nothing was found.'],
  ])('does not take %s for a statement', (_, text) => {
    expect(run('drop', [...text])).toEqual({ text, changed: 0 })
  })

  it('holds one sentence at a time, and none without end', () => {
    const gate = gateOf('drop')
    expect(gate.push('Whales are mammals [1].')).toBe('')
    expect(gate.push(' They')).toBe('Whales are mammals [1]. ')
    expect(gate.push(' swim [1]'.repeat(300))).toHaveLength(4 + 2_700)
  })
})

function gateOf(unverified: Unverified) {
  return createSentenceGate({
    unverified,
    isExempt: (sentence) => sentence.startsWith('On “'),
    noEvidencePhrase: 'I found no evidence',
  })
}

function run(unverified: Unverified, deltas: string[]) {
  const gate = gateOf(unverified)
  let text = ''
  for (const delta of deltas) text += gate.push(delta)
  text += gate.end()
  return { text, changed: gate.changed }
}
