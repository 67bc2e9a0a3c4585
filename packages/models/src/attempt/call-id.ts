import { randomBytes } from 'node:crypto'

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz'
const lifeLetters = 10
const ownLetters = 14

/** This life of the process, apart from all others: 10 letters. */
export const processLife = letters(lifeLetters)

/** A new id of a call: it tells in which life of a process the call was made (migration 0019 reads it). */
export function newCallId(life = processLife): string {
  return `call_${life}${letters(ownLetters)}`
}

function letters(count: number): string {
  return Array.from(randomBytes(count), (byte) => alphabet[byte % alphabet.length]).join('')
}
