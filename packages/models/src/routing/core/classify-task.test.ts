import { describe, expect, it } from '@jest/globals'
import { classifyTask } from './classify-task.ts'
import { featureCount, featuresOfPrompt } from './prompt-features.ts'

describe('the class of a task', () => {
  it.each([
    ['coding', 'Refactor this:\n```\nlet a = 1\n```'],
    ['choice', 'Which one is a metal?\nA. Neon\nB. Iron\nC. Argon\nAnswer:'],
    ['mathematics', 'Tom has 3 boxes with 12 pens each. How many pens are there?'],
    ['mathematics', 'Solve the equation for x.'],
    ['rewriting', 'Summarize the following letter.'],
    ['writing', 'Write a birthday card for my aunt.'],
    ['question', 'Who founded Rome?'],
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
    for (const prompt of ['', ' '.repeat(200_000), 'A. '.repeat(60_000), '1'.repeat(200_000), 'how many '.repeat(20_000)]) {
      classifyTask({ prompt })
      const features = featuresOfPrompt(prompt)
      expect(features).toHaveLength(featureCount)
      expect(features.every((value) => Number.isFinite(value) && Math.abs(value) <= 3)).toBe(true)
    }
  })
})
