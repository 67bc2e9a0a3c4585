import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { claimDeadJournals } from './journal-owners.ts'

/** No process has it: Linux gives numbers below 2^22 (proc(5), pid_max). */
const nobody = 4_194_305
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-owners-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it.each([
  ['tells in which life of a process its calls were made, whoever claims it', '.abcdefghij', 'abcdefghij'],
  ['that never told it is not taken for one of who claims it', '', undefined],
])('the journal of a process that is gone %s', (_, ending, life) => {
  mkdirSync(join(folder, `gateway.${nobody}.1.ab12${ending}`))
  const [claimed] = claimDeadJournals(folder, 'rag')
  expect(claimed?.life).toBe(life)
  const [name = ''] = readdirSync(folder)
  expect(name.split('.').slice(4)).toEqual(life === undefined ? [] : [life])
})
