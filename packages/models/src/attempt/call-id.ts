import { randomLetters } from '@weft/contracts'

const lifeLetters = 10
const ownLetters = 14

/** This life of the process, apart from all others: 10 letters. */
export const processLife = randomLetters(lifeLetters)

/** A new id of a call: it tells in which life of a process the call was made (migration 0019 reads it). */
export function newCallId(life = processLife): string {
  return `call_${life}${randomLetters(ownLetters)}`
}
