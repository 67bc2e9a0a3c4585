import { describe, expect, it } from '@jest/globals'
import { classifyTask } from './classify-task.ts'
import { featureCount, featuresOfPrompt } from './prompt-features.ts'

describe('the class of a task', () => {
  it.each([
    ['coding', 'Refactor this:\n```\nlet a = 1\n```'],
    ['choice', 'Which one is a metal?\nA. Neon\nB. Iron\nC. Argon\nAnswer:'],
    ['mathematics', 'Tom has 3 boxes with 12 pens each. How many pens are there?'],
    ['mathematics', 'A robe takes 2 bolts of blue and half that much white. How many bolts does it take?'],
    ['mathematics', 'Two trains leave at the same time. Each covers eighty miles a day. What is the distance between them then?'],
    ['mathematics', 'He runs 60 miles a week, on 3 days. How fast does he run if each day he runs for 2.5 hours?'],
    ['mathematics', 'Sally scored 50, 80 and 90. Find her mean score.'],
    ['mathematics', 'What is 12/4?'],
    ['mathematics', '17 × 23 ='],
    ['mathematics', 'Solve the equation for x.'],
    ['rewriting', 'Summarize the following letter.'],
    ['writing', 'Write a birthday card for my aunt.'],
    ['question', 'Who founded Rome?'],
    ['question', 'What happened on 2024-05-01?'],
    ['question', 'What is the difference between Python 2 and PBKDF2()?'],
    ['question', 'In 1923 the price rose by 20 percent. Who was the president then?'],
    ['question', 'How do I pay 2 bills from 3 accounts?'],
    ['question', 'What does the Arp2/3 inhibitor CK-666 do?'],
  ] as const)('is %s for a prompt like that', (expected, prompt) => {
    expect(classifyTask({ prompt })).toBe(expected)
  })

  it('is told by what the request brings along before its words are looked at', () => {
    const prompt = 'Write a poem.'
    expect(classifyTask({ prompt, hasTools: true, wantsJson: true })).toBe('tools')
    expect(classifyTask({ prompt, wantsJson: true })).toBe('structured')
    expect(classifyTask({ prompt, isGrounded: true })).toBe('grounded')
  })

  it('and the look of a prompt take little time for the worst of prompts', () => {
    for (const prompt of [
      '',
      ' '.repeat(200_000),
      'A. '.repeat(60_000),
      '1'.repeat(200_000),
      'how many '.repeat(20_000),
      `what is ${'1+ '.repeat(4_000)}x`,
      'two. '.repeat(9_000),
    ]) {
      classifyTask({ prompt })
      const features = featuresOfPrompt(prompt)
      expect(features).toHaveLength(featureCount)
      expect(features.every((value) => Number.isFinite(value) && Math.abs(value) <= 3)).toBe(true)
    }
  })
})
