import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { readStartMark } from '../../supervisor/running-process.ts'
import { takeSyncLock } from './sync-lock.ts'

let folder: string
const clock = { now: () => Date.parse('2026-05-01T10:00:00Z'), sleep: async () => undefined }

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-syncs-'))
})
afterEach(() => rm(folder, { recursive: true }))

const place = (paths: string[], store = 'http://127.0.0.1:8000 default') => ({ folder, store, paths })

/** A lock of a process that runs and is not this one: the one that started the tests. */
async function lockOfAnother(paths: string[], startMark = readStartMark(process.ppid)): Promise<void> {
  const owner = { pid: process.ppid, startMark, store: place([]).store, paths, since: '2026-05-01T09:00:00.000Z' }
  await writeFile(join(folder, `other.${process.ppid}.lock`), JSON.stringify(owner))
}

it.each([[['/notes']], [['/notes/deep']], [['/']], [['/else', '/notes/a.md']]])(
  'refuses a second sync of %j while /notes is synced into the same store, naming the process',
  async (paths) => {
    await lockOfAnother(['/notes'])
    await expect(takeSyncLock(place(paths), clock)).rejects.toThrow(
      `process ${process.ppid} has been syncing /notes into this store since 2026-05-01T09:00:00.000Z`,
    )
    expect(await readdir(folder)).toEqual([`other.${process.ppid}.lock`])
  },
)

it('lets other folders and other stores be synced meanwhile', async () => {
  await lockOfAnother(['/notes'])
  await (await takeSyncLock(place(['/notes-2']), clock)).release()
  await (await takeSyncLock(place(['/notes'], 'http://127.0.0.1:8000 other'), clock)).release()
})

it('waits a moment for one that ends, and leaves nothing behind', async () => {
  await lockOfAnother(['/notes'])
  const sleep = () => rm(join(folder, `other.${process.ppid}.lock`), { force: true })
  const lock = await takeSyncLock(place(['/notes']), { ...clock, sleep })
  await lock.release()
  expect(await readdir(folder)).toEqual([])
})

it('takes over from a process that is gone, also when another has its id now, and knows what it had noted', async () => {
  await lockOfAnother(['/notes'], 'of an earlier process')
  const lock = await takeSyncLock(place(['/notes']), clock)
  await lock.release()
  const again = await takeSyncLock(place(['/notes']), clock)
  expect(again.journalFile).toBe(lock.journalFile)
  await again.release()
  expect(await readdir(folder)).toEqual([])
})

it('says where it cannot note the sync, and why', async () => {
  const file = join(folder, 'a-file')
  await writeFile(file, '')
  await expect(takeSyncLock({ ...place(['/notes']), folder: join(file, 'syncs') }, clock)).rejects.toMatchObject({
    code: 'sync_not_noted',
    message: expect.stringMatching(/cannot be written in .*a-file.syncs: ENOTDIR/),
  })
})
