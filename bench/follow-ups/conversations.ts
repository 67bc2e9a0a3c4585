import type { SaidBefore } from '@weft/retrieval'
import type { Collection } from '@weft/retrieval/testing'
import { z } from 'zod'

/** A question asked in a conversation, and the documents that answer it. `full` is the same question written out by its author. */
export interface FollowUp {
  earlier: SaidBefore[]
  asked: string
  full: string
  gold: Map<string, number>
}

const Hops = z.object({ decomposition: z.array(z.object({ question: z.string(), answer: z.string() })) })

/** MuSiQue's questions come in parts, each about the answer of one before: asked one after another, later parts say "it", "they" or "there". */
export function partsOfQuestions({ queries, documents, judgements }: Collection): FollowUp[] {
  const texts = new Map(documents.map(({ _id, title, text }) => [_id, `${title} ${text}`]))
  return queries.flatMap(({ _id, metadata }) => {
    const parts = Hops.parse(metadata).decomposition
    return parts.flatMap(({ question, answer }, index): FollowUp[] => {
      const named = [...question.matchAll(/#(\d)/g)].map(([, digit]) => Number(digit) - 1)
      const about = named[0]
      const last = parts[index - 1]
      if (named.length !== 1 || about === undefined || about !== index - 1 || last === undefined) return []
      const gold = [...(judgements.get(_id)?.keys() ?? [])].filter((id) => holds(texts.get(id) ?? '', answer))
      if (gold.length === 0) return []
      const previous = written(last.question, (n) => parts[n]?.answer ?? '')
      return [
        {
          earlier: [
            { role: 'user', text: previous },
            { role: 'assistant', text: `${last.answer}.` },
          ],
          asked: pointingBack(
            written(question, () => '#'),
            previous,
          ),
          full: written(question, (n) => parts[n]?.answer ?? ''),
          gold: new Map(gold.map((id) => [id, 1])),
        },
      ]
    })
  })
}

/** "Hello Love >> performer" is asked as people would; the references `#1` become what `nameOf` says. */
function written(question: string, nameOf: (part: number) => string): string {
  const [subject = '', relation] = question.split(' >> ')
  const asked = relation === undefined ? question.replace(/\s+\?$/, '?') : `What is the ${relation} of ${subject.trim()}?`
  return asked.replace(
    /#(\d)( 's)?/g,
    (_, digit, possessive) => `${nameOf(Number(digit) - 1)}${possessive === undefined ? '' : "'s"}`,
  )
}

const person = /^who\b|\b(?:performer|author|composer|director|producer|spouse|father|mother|founder)\b/i
const place = /^where\b|\b(?:city|country|state|place of birth|administrative territorial entity|location)\b/i

function pointingBack(question: string, previous: string): string {
  const isPerson = person.test(previous)
  const inPlace = place.test(previous) ? question.replace(/\bin #(?!'s)/, 'there') : question
  const [subject, object, possessive] = isPerson ? ['they', 'them', 'their'] : ['it', 'it', 'its']
  return inPlace
    .replace("#'s", possessive)
    .replace(/(?<=\b(?:of|in|on|with|for|from|to|by|at)\s)#/, object)
    .replace('#', subject)
}

function holds(text: string, answer: string): boolean {
  return ` ${words(text)} `.includes(` ${words(answer)} `)
}

function words(text: string): string {
  return (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).join(' ')
}

/** SciFact's claims on one abstract: what a later claim shares with an earlier one is left to the conversation, or only what is new is asked. */
export function claimsOnOneAbstract({ queries, judgements }: Collection): FollowUp[] {
  const about = Map.groupBy(
    queries.filter(({ _id }) => judgements.has(_id)),
    ({ _id }) => [...(judgements.get(_id)?.keys() ?? [])].join(' '),
  )
  return [...about.values()].flatMap(([first, ...later]) =>
    later.flatMap(({ _id, text }): FollowUp[] => {
      const asked = first === undefined ? undefined : leftOut(first.text, text)
      if (first === undefined || asked === undefined) return []
      const earlier: SaidBefore[] = [
        { role: 'user', text: first.text },
        { role: 'assistant', text: 'The documents speak of it.' },
      ]
      return [{ earlier, asked, full: text, gold: judgements.get(_id) ?? new Map() }]
    }),
  )
}

/** The later claim with the beginning it shares left to a pronoun, or "What about …?" where the end is shared. */
function leftOut(first: string, later: string): string | undefined {
  const [before, after] = [first, later].map((text) => text.replace(/[.\s]+$/, '').split(/\s+/))
  if (before === undefined || after === undefined) return undefined
  const shared = after.findIndex((word, index) => word !== before[index])
  if (shared > 0) return `Or does it ${after.slice(shared).join(' ')}?`
  const end = after.toReversed().findIndex((word, index) => word !== before.at(-1 - index))
  return end > 1 ? `What about ${after.slice(0, after.length - end).join(' ')}?` : undefined
}

/** Questions that have nothing to do with what was asked before: there is nothing to fill in. */
export function changesOfTopic({ queries, judgements }: Collection): FollowUp[] {
  return queries.flatMap(({ _id, text }, index): FollowUp[] => {
    const gold = judgements.get(_id)
    const other = queries.at(index - 1)
    if (gold === undefined || other === undefined) return []
    return [
      {
        earlier: [
          { role: 'user', text: other.text },
          { role: 'assistant', text: 'Done.' },
        ],
        asked: text,
        full: text,
        gold,
      },
    ]
  })
}
