import { expect, it } from '@jest/globals'
import { createFilePicker, type Waiting } from './pick-files.ts'

type File = { tenant: string; name: string }

function filesOf(tenant: string, count: number, isAlone: boolean): [string, Waiting<File>][] {
  return Array.from({ length: count }, (_, n) => [`${tenant}${n}`, { job: { tenant, name: `${tenant}${n}` }, isAlone }])
}

/** What is picked, turn after turn, until nothing waits; `join` tells of files that come before a turn. */
function pickAll(files: [string, Waiting<File>][], join: Record<number, [string, Waiting<File>][]> = {}): string[][] {
  const waiting = new Map(files)
  const pick = createFilePicker<File>()
  const picked: string[][] = []
  while (waiting.size > 0) {
    for (const [key, file] of join[picked.length] ?? []) waiting.set(key, file)
    const next = [...pick(waiting).keys()]
    for (const key of next) waiting.delete(key)
    picked.push(next)
  }
  return picked
}

it('takes the large files of tenants by turns, each tenant’s in their order', () => {
  expect(pickAll([...filesOf('a', 3, true), ...filesOf('b', 2, true)])).toEqual([['a0'], ['b0'], ['a1'], ['b1'], ['a2']])
})

it('a tenant that comes later is next but one, however many large files of others wait', () => {
  expect(pickAll(filesOf('a', 50, true), { 2: filesOf('b', 1, false) }).slice(0, 4)).toEqual([['a0'], ['a1'], ['a2'], ['b0']])
})

it('of 64 small files that are done together all tenants have their share', () => {
  const [first = [], second = []] = pickAll([...filesOf('a', 100, false), ...filesOf('b', 3, false), ...filesOf('c', 40, false)])
  const shares = Object.entries(Object.groupBy(first, (key) => key.slice(0, 1))).map(([tenant, keys]) => [tenant, keys?.length])
  expect(shares).toEqual([
    ['a', 31],
    ['b', 3],
    ['c', 30],
  ])
  expect(second).toHaveLength(64)
})
