import { randomLetters } from '@weft/contracts'

const lifeLetters = 10
const ownLetters = 14

/** 10 letters that stand for this life of this process, from its start to its end. */
export const processLife = randomLetters(lifeLetters)

/** A new id of a call. It names the process life in which the call was made: by it the database finds the budget portion that pays (migration 0019). */
export function newCallId(life = processLife): string {
  return `call_${life}${randomLetters(ownLetters)}`
}
