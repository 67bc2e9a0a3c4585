import { describe, expect, it } from '@jest/globals'
import { readSlips } from './read-slips.ts'

const sources = [
  {
    id: 1,
    title: 'Kubernetes — PostgreSQL operator',
    text: 'A goroutine blocks. Its interfaces and its capability to migrate are of value in a patent. The vector of p53 and SIGCONT, in Slovenia.',
  },
]

function read(question: string): string {
  return readSlips(question, sources).question
}

describe('a slip of the pen in a question', () => {
  it.each([
    ['How do I install Kuberntes?', 'How do I install kubernetes?'],
    ['What is a gorutine?', 'What is a goroutine?'],
    ['Which intrfaces has it?', 'Which interfaces has it?'],
    ['Whose valeu is it?', 'Whose value is it?'],
    ['What is its capabilty?', 'What is its capability?'],
    ['What does it migarte?', 'What does it migrate?'],
  ])('is read as the word of the sources: %s', (question, meant) => {
    expect(read(question)).toBe(meant)
  })

  it.each([
    ['stands in the sources, or one of its family does', 'Which interface, blocked or migrating?'],
    ['is real and differs in a letter', 'Who is the parent?'],
    ['is another name', 'What of Slovakia?'],
    ['is short', 'Which blok?'],
    ['has digits', 'What does p63 do?'],
    ['is in capitals', 'What does SIGCONS do?'],
  ])('is none where the word %s', (_, question) => {
    expect(read(question)).toBe(question)
  })

  it('tells what was read as what', () => {
    expect(readSlips('Kuberntes?', sources).slips).toEqual([{ written: 'Kuberntes', read: 'kubernetes' }])
  })

  it('is looked for in what is asked, not in a text that was pasted', () => {
    const text = 'Kuberntes? '.repeat(100)
    expect(readSlips(text, sources)).toEqual({ question: text, slips: [] })
  })
})
