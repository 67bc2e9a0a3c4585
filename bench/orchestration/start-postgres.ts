import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@weft/tests/mesh/running-mesh.ts'

export interface Postgres {
  version: string
  /** A database of its own. */
  database(name: string): string
  stop(): Promise<void>
}

/** PostgreSQL with its own settings (fsync on); undefined when it is not installed. It refuses to run as root, so root runs it as nobody. */
export async function startPostgres(): Promise<Postgres | undefined> {
  const bin = findBinaries()
  if (bin === undefined) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'bench-postgres-'))
  const nobody = { uid: 65_534, gid: 65_534 }
  const user = process.getuid?.() === 0 ? nobody : {}
  if (process.getuid?.() === 0) chownSync(folder, nobody.uid, nobody.gid)
  const run = (name: string, args: string[]) => spawnSync(join(bin, name), args, { ...user, cwd: folder, encoding: 'utf8' })
  const data = join(folder, 'data')
  const made = run('initdb', ['-D', data, '-U', 'postgres', '-A', 'trust'])
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`)
  const port = await freePort()
  const args = ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=${folder}`]
  const server = spawn(join(bin, 'postgres'), [...args, '-c', 'max_connections=200'], { ...user, cwd: folder, stdio: 'ignore' })
  for (let attempt = 0; attempt < 100 && run('pg_isready', ['-h', '127.0.0.1', '-p', String(port)]).status !== 0; attempt += 1) {
    await sleep(100)
  }
  return {
    version: run('postgres', ['--version']).stdout.trim().replace('postgres (PostgreSQL)', 'PostgreSQL'),
    database(name) {
      run('createdb', ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', name])
      return `postgres://postgres@127.0.0.1:${port}/${name}`
    },
    async stop() {
      server.kill('SIGINT')
      if (server.exitCode === null) await once(server, 'exit')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function findBinaries(): string | undefined {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).toSorted((left, right) => Number(right) - Number(left)) : []
  return versions.map((version) => join(root, version, 'bin')).find((folder) => existsSync(join(folder, 'initdb')))
}
