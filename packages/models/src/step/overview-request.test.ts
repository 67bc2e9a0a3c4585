import { describe, expect, it } from '@jest/globals'
import { overviewRequest } from './overview-request.ts'

describe('a request for an overview', () => {
  it.each([
    'What is in these documents?',
    "What's in the files?",
    'what are these documents about',
    'What do the uploaded documents say?',
    'Which documents do you have?',
    'Summarize this document.',
    'Please give me a short summary',
    'Could you summarise everything in three sentences?',
    'What are the main points of these papers?',
    'TL;DR',
  ])('is of all there is: %s', (question) => {
    expect(overviewRequest(question)).toEqual({ topic: undefined })
  })

  it.each([
    ['Summarise the epoll man page', 'epoll'],
    ['Summarize sync.md', 'sync.md'],
    ['Give me an overview of the Go memory model', 'Go memory model'],
    ['Can you give me a brief summary of the ws readme in 3 sentences?', 'ws readme'],
    ['Overview: budgets', 'budgets'],
    ['What are the key takeaways from the annual report?', 'annual report'],
  ])('is of a topic: %s', (question, topic) => {
    expect(overviewRequest(question)).toEqual({ topic })
  })

  it.each([
    'What is in the contract about notice periods?',
    'What is a summary judgement?',
    'Which documents do I have to send?',
    'What do these documents say about patents?',
    'How do I write a summary?',
    'Who wrote the overview of the project?',
    `Summarise this text: ${'The loom was built in 1785. '.repeat(20)}`,
    'Summarise:\nThe loom was built in 1785.',
  ])('is not: %s', (question) => {
    expect(overviewRequest(question)).toBeUndefined()
  })

  it('is told at once of a question of any length', () => {
    const usedBefore = process.cpuUsage()
    expect(overviewRequest(`Summarise ${'.'.repeat(100_000)}x`)).toBeUndefined()
    expect(process.cpuUsage(usedBefore).user / 1_000).toBeLessThan(2_000)
  })
})
