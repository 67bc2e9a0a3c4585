import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from '@jest/globals'
import { type Database, openDatabase, sql } from './index.ts'
import { lastingPort } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'weft-pglite-'))
let child: ChildProcess | undefined

afterAll(() => {
  child?.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

it('loses no acknowledged row when its process is killed under load, and readers do not notice', async () => {
  const port = await lastingPort()
  child = await startChild(port)
  const database = openDatabase({ urls: [`postgres://postgres@127.0.0.1:${port}/postgres`], patienceMs: 120_000 })
  await sql`create table kept (n int primary key)`.execute(database.db)
  const acknowledged: number[] = []
  let next = 0
  for (let round = 0; round < 3; round++) {
    const isOver = new AbortController()
    const enough = acknowledged.length + 100
    const writers = Array.from({ length: 4 }, () => writeUntilBroken(database, () => next++, acknowledged, isOver.signal))
    const reads = readUntil(database, isOver.signal)
    while (acknowledged.length < enough) await new Promise((resolve) => setTimeout(resolve, 1))
    await killed(child)
    child = await startChild(port)
    // Who was between two statements writes on.
    isOver.abort()
    await Promise.all(writers)
    expect(await reads).toBeGreaterThan(0)
  }
  const { rows } = await sql<{ n: number }>`select n from kept`.execute(database.db)
  const kept = new Set(rows.map((row) => row.n))
  expect(acknowledged.filter((n) => !kept.has(n))).toEqual([])
  await database.stop()
})

it('refuses a folder that another process has open, and ends cleanly when asked', async () => {
  const port = await lastingPort()
  const second = spawnChild(port)
  let said = ''
  second.stderr?.on('data', (data) => {
    said += String(data)
  })
  expect(await exitOf(second)).toBe(1)
  expect(said).toContain('in use')
  if (child === undefined) throw new TypeError('the first test leaves a process running')
  const ended = exitOf(child)
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
})

/** Inserts until the connection breaks; what was acknowledged is noted. */
async function writeUntilBroken(
  { db }: Database,
  take: () => number,
  acknowledged: number[],
  isOver: AbortSignal,
): Promise<void> {
  try {
    while (!isOver.aborted) {
      const n = take()
      await sql`insert into kept values (${n})`.execute(db)
      acknowledged.push(n)
    }
  } catch (cause) {
    expect(cause).toMatchObject({ code: 'dependency_unavailable' })
  }
}

async function readUntil({ db }: Database, isOver: AbortSignal): Promise<number> {
  let reads = 0
  for (; !isOver.aborted; reads++) await sql`select count(*) from kept`.execute(db)
  return reads
}

function spawnChild(port: number): ChildProcess {
  const env = { PATH: process.env.PATH, WEFT_PGLITE_PORT: String(port), WEFT_PGLITE_DATA: join(folder, 'data') }
  return spawn(process.execPath, [join(import.meta.dirname, 'pglite-main.ts')], { env, stdio: ['ignore', 'pipe', 'pipe'] })
}

async function startChild(port: number): Promise<ChildProcess> {
  const started = spawnChild(port)
  await new Promise((resolve, reject) => {
    started.stdout?.once('data', resolve)
    started.once('exit', () => reject(new Error('the database process ended before it listened')))
  })
  return started
}

async function killed(process: ChildProcess): Promise<void> {
  const ended = exitOf(process)
  process.kill('SIGKILL')
  await ended
}

function exitOf(process: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => process.once('exit', resolve))
}
