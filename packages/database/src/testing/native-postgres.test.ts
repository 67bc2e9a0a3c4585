import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import pg from 'pg'
import { findNativePostgres, startNativePostgres } from './native-postgres.ts'

const installed = findNativePostgres()
const describeNative = installed === undefined ? describe.skip : describe

describeNative('a native PostgreSQL', () => {
  it('listens on the loopback interface alone, has pgvector, and leaves nothing when it stops', async () => {
    const server = await startNativePostgres(installed ?? '')
    const folder = join(server.dataFolder, '..')
    expect(await ask(server.url, 'show listen_addresses')).toBe('127.0.0.1')
    expect(await ask(server.url, "select count(*)::int from pg_available_extensions where name = 'vector'")).toBe(1)
    await server.stop()
    expect(isAlive(server.pid)).toBe(false)
    expect(existsSync(folder)).toBe(false)
  })

  it('comes back with its data after it was killed', async () => {
    const server = await startNativePostgres(installed ?? '')
    await ask(server.url, 'create table kept as select 7 as n')
    await server.kill()
    await expect(ask(server.url, 'select 1')).rejects.toThrow()
    await server.restart()
    expect(await ask(server.url, 'select n from kept')).toBe(7)
    await server.stop()
  })

  it('ends, and its data go, when the process that started it is killed', async () => {
    const module = join(import.meta.dirname, 'native-postgres.ts')
    const program = `const { startNativePostgres } = await import(${JSON.stringify(module)})
      const server = await startNativePostgres(${JSON.stringify(installed)})
      console.log(server.pid)`
    const starter = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
    const pid = Number((await once(starter.stdout, 'data'))[0])
    const folder = folderOf(pid)
    starter.kill('SIGKILL')
    while (isAlive(pid) || existsSync(folder)) await new Promise((resolve) => setTimeout(resolve, 50))
  })
})

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query(sql)
  await client.end()
  return Object.values(rows[0] ?? {})[0]
}

function folderOf(pid: number): string {
  const command = execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' })
  return join(/-D (\S+)/.exec(command)?.[1] ?? '', '..')
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
