import { describe, expect, it } from '@jest/globals'
import { rewriteQuery, type SaidBefore } from './rewrite-query.ts'

const plans = ['What does plan A cost?', 'Plan A costs $10 a month [1].']
const hamlet = ['Who wrote Hamlet?', 'William Shakespeare wrote Hamlet [1].']
const heart = ['How much does the heart of a blue whale weigh?', 'About 180 kg [1].']

describe('rewriteQuery', () => {
  it.each([
    [plans, 'What about plan B?', 'What does plan B cost?'],
    [[...plans, 'What about plan B?', '$20 [1].'], 'And how many seats does it have?', 'How many seats does plan B have?'],
    [['What is the refund policy?', '30 days.'], 'And in Germany?', 'What is the refund policy? in Germany'],
    [['Does aspirin help against headaches?', 'Yes.'], 'How about migraine?', 'Does aspirin help against headaches? migraine'],
    [
      ['When was the Treaty of Rome signed?', 'In 1957.'],
      'what about the Treaty of Lisbon',
      'When was the Treaty of Lisbon signed?',
    ],
  ])('asks the same of another subject: %j, %s', (said, asked, expected) => {
    expect(rewriteQuery(asked, conversation(said))).toBe(expected)
  })

  it.each([
    [hamlet, 'When was he born?', 'When was William Shakespeare born?'],
    [hamlet, 'When was it first performed?', 'When was Hamlet first performed?'],
    [hamlet, 'What are his other plays?', "What are William Shakespeare's other plays?"],
    [['What is the capital of France?', 'It is Paris [1].'], 'How many people live there?', 'How many people live in Paris?'],
    [['Where was Marie Curie born?', 'In Warsaw.'], 'What is its population?', "What is Warsaw's population?"],
    [['Where was Marie Curie born?', 'In Warsaw.'], 'Is there a museum about her?', 'Is there a museum about Marie Curie?'],
    [['What is the refund policy?', '30 days.'], 'Is that the same abroad?', 'Is refund policy the same abroad?'],
    [heart, 'How often does it beat?', 'How often does it beat (heart of a blue whale)?'],
    [['How long is winter in Norway?', 'Long.'], 'and how long is it there?', 'How long is it there (winter in Norway)?'],
  ])('puts what is meant in the place of a word that points to it: %j, %s', (said, asked, expected) => {
    expect(rewriteQuery(asked, conversation(said))).toBe(expected)
  })

  it('goes on from the question before where hardly a word is said', () => {
    expect(rewriteQuery('Why?', conversation(heart))).toBe('How much does the heart of a blue whale weigh? Why?')
  })

  it.each([
    'How deep is the Baltic Sea?',
    'Is it true that the earth is flat?',
    'Which association that published a journal of its own was dissolved?',
    'Does Denmark have an army of its own?',
    'Are there whales in the Baltic Sea?',
    'thanks',
    'Wie tief ist die Ostsee?',
    'クジラの心臓の重さは？',
  ])('leaves a question that stands alone as it is: %s', (asked) => {
    expect(rewriteQuery(asked, conversation(heart))).toBe(asked)
  })

  it('leaves greetings and courtesies out, and nothing else where there is no conversation', () => {
    expect(rewriteQuery('Hello! Could you tell me how deep the sea is, please?', [])).toBe('how deep the sea is?')
    expect(rewriteQuery('And how long is it there?', [])).toBe('And how long is it there?')
  })

  it('takes long texts and long conversations as they are, at once', () => {
    const long = 'it and there '.repeat(4_000)
    expect(rewriteQuery(long, conversation(plans))).toBe(long.trim())
    const said = Array.from({ length: 1_999 }, (_, n) => (n % 2 === 0 ? `What about plan ${n}? ${'x '.repeat(2_000)}` : long))
    expect(rewriteQuery('How deep is the Baltic Sea?', conversation(said))).toBe('How deep is the Baltic Sea?')
  })

  it.each(['what about the tide, '.repeat(50_000), 'A '.repeat(50_000), ' '.repeat(500_000)])(
    'looks at the beginning alone of a long text that was said before',
    (long) => {
      const rewritten = rewriteQuery('And how high does it rise there?', conversation([`The tide? ${long}`, long]))
      expect(rewritten.length).toBeLessThan(1_000)
    },
  )
})

function conversation(said: string[]): SaidBefore[] {
  return said.map((text, index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', text }))
}
