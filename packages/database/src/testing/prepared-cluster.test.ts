import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from '@jest/globals'
import { preparedCluster } from './prepared-cluster.ts'

const folder = join(import.meta.dirname, '../../../../node_modules/.cache/weft/clusters')
const name = 'of-this-test'
const filesOf = (start: string) => readdirSync(folder).filter((file) => file.startsWith(start))
afterEach(() => {
  for (const file of filesOf(name)) rmSync(join(folder, file))
})

const made = (text: string) => async () => new Blob([text])

it('a cluster is made once, and again when what it is made by has changed', async () => {
  expect(await (await preparedCluster(name, made('one'))).text()).toBe('one')
  expect(await (await preparedCluster(name, made('two'))).text()).toBe('one')
  for (const file of filesOf(name)) rmSync(join(folder, file))
  writeFileSync(join(folder, `${name}-of-before.tar`), 'old')
  expect(await (await preparedCluster(name, made('two'))).text()).toBe('two')
  expect(filesOf(name)).toHaveLength(1)
})

it('one that two make at once is there for others from the first on', async () => {
  const first = Promise.withResolvers<Blob>()
  const second = preparedCluster(name, () => first.promise)
  await preparedCluster(name, made('one'))
  const blob = new Blob(['two'])
  blob.arrayBuffer = async () => {
    await new Promise((resolve) => setTimeout(resolve, 0))
    return new ArrayBuffer(3)
  }
  first.resolve(blob)
  let isThere = true
  const isMade = second.then(() => true)
  while (!(await Promise.race([isMade, new Promise<false>((resolve) => setImmediate(() => resolve(false)))])))
    isThere &&= filesOf(name).length === 1
  expect(isThere).toBe(true)
})

it('what a killed process was writing is removed by the next that makes one, what another writes is not', async () => {
  mkdirSync(folder, { recursive: true })
  const [left, written] = ['left', 'written'].map((which) => join(folder, `unfinished-${which}`))
  if (left === undefined || written === undefined) throw new TypeError('there are two')
  for (const file of [left, written]) writeFileSync(file, '')
  utimesSync(left, 0, 0)
  await preparedCluster(name, made('one'))
  expect([existsSync(left), existsSync(written)]).toEqual([false, true])
  rmSync(written)
})
