import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import pg from 'pg'
import type { PgliteServer } from './pglite-server.ts'
import { startTestServer } from './testing.ts'

const transactionIdleMs = 2_000
/** More than one of the watchdog's looks. */
const lookMs = (2 * transactionIdleMs) / 10
const realNow = Date.now
/** How far the clock of the database is ahead. */
let aheadMs = 0
let server: PgliteServer
let pool: pg.Pool

beforeAll(async () => {
  jest.spyOn(Date, 'now').mockImplementation(() => realNow() + aheadMs)
  server = await startTestServer({ transactionIdleMs })
  pool = new pg.Pool({ connectionString: `postgres://postgres@127.0.0.1:${server.port}/postgres`, max: 12 })
  pool.on('connect', (client) => client.on('error', () => undefined))
  await pool.query('create table marks (id int primary key, value int not null)')
})

afterAll(async () => {
  await pool.end()
  await server.stop()
  jest.restoreAllMocks()
})

describe('the embedded database, shared by many clients', () => {
  it('never binds the parameters of one client to the statement of another', async () => {
    const large = 'x'.repeat(400_000)
    const ask = async (i: number): Promise<boolean> => {
      if (i % 3 === 0) return (await pool.query('select length($1::text) + $2::int as a', [large, i])).rows[0].a === 400_000 + i
      if (i % 3 === 1) return (await pool.query('select $1::text as b', [`b${i}`])).rows[0].b === `b${i}`
      return (await pool.query('select $1::jsonb as c, $2::int as d', [{ i }, i])).rows[0].c.i === i
    }
    const answers = await Promise.all(Array.from({ length: 300 }, (_, i) => ask(i)))
    expect(answers.every((isRight) => isRight)).toBe(true)
  })

  it('gives each transaction the database to itself', async () => {
    await pool.query('insert into marks values (1, 0)')
    const add = async () => {
      const client = await pool.connect()
      await client.query('begin')
      const { rows } = await client.query('select value from marks where id = $1', [1])
      await client.query('update marks set value = $1 where id = 1', [rows[0].value + 1])
      await client.query('commit')
      client.release()
    }
    await Promise.all(Array.from({ length: 100 }, add))
    expect((await pool.query('select value from marks where id = 1')).rows).toEqual([{ value: 100 }])
  })

  it('keeps what one client sets, as pg_dump does, from all others', async () => {
    const settings = [
      `select pg_catalog.set_config('search_path', '', false)`,
      `SET timezone TO 'Asia/Tokyo'`,
      'set work_mem = 64',
      'set role pg_monitor',
    ]
    const dump = await pool.connect()
    for (const setting of settings) {
      await dump.query(setting)
      expect((await pool.query('select count(*)::int as n from marks')).rows).toEqual([{ n: expect.any(Number) }])
    }
    await dump.query({ text: `set search_path to 'nowhere'`, values: [] })
    await dump.query('begin')
    await dump.query(`set local search_path to 'nowhere'`)
    await expect(dump.query('select 1 from marks')).rejects.toMatchObject({ code: '42P01' })
    await dump.query('rollback')
    dump.release(true)
    const { rows } = await pool.query(
      `select current_setting('search_path') as path, current_setting('work_mem') as memory, count(*) from marks`,
    )
    expect(rows).toMatchObject([{ path: expect.stringContaining('public'), memory: expect.not.stringMatching(/^64kB$/) }])
  })

  it('goes on after a statement that fails', async () => {
    await expect(pool.query('select 1 / $1::int', [0])).rejects.toMatchObject({ code: '22012' })
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  it('rolls back a client that is gone in the middle of a transaction, long before the watchdog would', async () => {
    const patient = await startTestServer({ transactionIdleMs: 3_600_000 })
    const own = new pg.Pool({ connectionString: `postgres://postgres@127.0.0.1:${patient.port}/postgres` })
    await own.query('create table marks (id int primary key)')
    const client = await own.connect()
    await client.query('begin')
    await client.query('insert into marks values (2)')
    client.release(true)
    expect((await own.query('select count(*)::int as n from marks')).rows).toEqual([{ n: 0 }])
    await own.end()
    await patient.stop()
  })

  it('ends a client that stopped in the middle of a transaction, and serves those who waited', async () => {
    const stuck = await pool.connect()
    await stuck.query('begin')
    await stuck.query('insert into marks values (3, 0)')
    aheadMs += transactionIdleMs
    expect((await pool.query('select count(*)::int as n from marks where id = 3')).rows).toEqual([{ n: 0 }])
    await expect(stuck.query('commit')).rejects.toThrow()
    stuck.release(true)
  })

  it('leaves a client alone that works for long in its transaction', async () => {
    const client = await pool.connect()
    await client.query('begin')
    for (let i = 0; i < 4; i++) {
      aheadMs += transactionIdleMs / 4
      await sleep(lookMs)
      await client.query('select 1')
    }
    await client.query('commit')
    client.release()
  })

  it('is not disturbed by what is no PostgreSQL client', async () => {
    const socket = connect(server.port, '127.0.0.1')
    const closed = new Promise((resolve) => socket.on('close', resolve))
    socket
      .on('error', () => undefined)
      .resume()
      .write('GET / HTTP/1.1\r\n\r\n')
    await closed
    const odd = connect(server.port, '127.0.0.1')
    const oddClosed = new Promise((resolve) => odd.on('close', resolve))
    odd
      .on('error', () => undefined)
      .resume()
      .write(Buffer.from([0, 0, 0, 9, 0, 1, 0, 0, 0]))
    await oddClosed
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })
})
