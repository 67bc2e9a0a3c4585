import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls, getCACertificates } from 'node:tls'
import { CliError } from '../cli-error.ts'
import type { Finding } from './finding.ts'
import { usedShareMax } from './check-redis.ts'
import { redisFromUrl } from './redis-configuration.ts'

const timeoutMs = 5_000
const answerBytesMax = 65_536
const remedy = 'name a Redis of one server in REDIS_URL, with maxmemory-policy noeviction, appendonly yes, and memory to spare'

const retryMs = 500
/** How long a Redis is waited for that starts beside the mesh, as after the start of a machine. */
const patienceMsDefault = 30_000

/**
 * Throws `redis_unusable`, in one line, when the Redis of REDIS_URL lets nobody in, is a cluster, or does not take writes or is not reached for `patienceMs`. Says what it
 * waits for, and what could be lost there.
 */
export async function refuseUnusableRedis(
  url: string,
  { note, patienceMs = patienceMsDefault }: { note: (line: string) => void; patienceMs?: number },
): Promise<void> {
  const redis = `the Redis of REDIS_URL (${hostOf(url)})`
  const deadlineMs = performance.now() + patienceMs
  let isTold = false
  for (;;) {
    const told = await ask(url)
    const absence = findAbsence(told)
    const problem = absence ?? findProblem(told)
    if (problem === undefined) {
      const loss = findLoss(told)
      if (loss !== undefined) note(`${redis} ${loss}: ${remedy}`)
      return
    }
    if (absence === undefined || performance.now() > deadlineMs) throw new CliError('redis_unusable', `${redis} ${problem}`)
    if (!isTold) note(`waiting up to ${patienceMs / 1_000} s for ${redis}, which ${problem}`)
    isTold = true
    await sleep(retryMs)
  }
}

/** Whether the Redis of REDIS_URL can be used, and keeps what it was told. */
export async function checkExternalRedis(url: string): Promise<Finding> {
  const told = await ask(url)
  const problem = findAbsence(told) ?? findProblem(told) ?? findLoss(told)
  return {
    what: 'REDIS_URL',
    ok: problem === undefined,
    detail: problem === undefined ? hostOf(url) : `${hostOf(url)} ${problem}`,
    remedy,
  }
}

/** What may pass by itself: nobody answers, or it takes no writes because another one does. */
function findAbsence({ answer, failure }: Told): string | undefined {
  if (failure !== undefined) return `is not reached: ${failure}`
  const isReplica = fieldOf(answer, 'role') === 'slave' && fieldOf(answer, 'slave_read_only') === '1'
  return isReplica ? 'is a replica that takes no writes: name its primary' : undefined
}

function findProblem({ answer }: Told): string | undefined {
  const refusal = /(?:^|\n)-(.*)\r\n/.exec(answer)?.[1]
  const isCluster = fieldOf(answer, 'cluster_enabled') === '1' || refusal?.includes('cluster mode') === true
  if (isCluster)
    return 'is a Redis Cluster: what a session commits at once may lie on several of its servers, which no transaction spans; name a Redis of one server'
  // Who may not ask for INFO may do the rest, and one that reads its file serves in a moment.
  return refusal === undefined || /^(NOPERM|LOADING)/.test(refusal) ? undefined : `refuses: ${refusal}`
}

/** Why sessions could be lost, evicted when memory is short or not on the disk when Redis ends, or will soon be refused. Undefined where Redis does not tell. */
function findLoss({ answer }: Told): string | undefined {
  const policy = fieldOf(answer, 'maxmemory_policy') ?? 'noeviction'
  const isBounded = (fieldOf(answer, 'maxmemory') ?? '0') !== '0'
  if (isBounded && policy !== 'noeviction') return `drops sessions when its memory is used up: its maxmemory-policy is ${policy}`
  if (fieldOf(answer, 'aof_enabled') === '0') return 'loses sessions when it ends: appendonly is off'
  const [used, max] = ['used_memory', 'maxmemory'].map((name) => Number(fieldOf(answer, name) ?? 0) / 1_048_576)
  if (used === undefined || max === undefined || max === 0 || used < usedShareMax * max) return undefined
  return `has little room left: ${used.toFixed(0)} MB of ${max.toFixed(0)} MB are in use, and once they are all, sessions are refused`
}

function fieldOf(answer: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(answer)?.[1]
}

function hostOf(url: string): string {
  return redisFromUrl(url).WEFT_REDIS_HOST
}

interface Told {
  answer: string
  failure?: string
}

/** Logs in as the sidecars do and asks for INFO; reads until the section `Cluster` has come, or a refusal. Never rejects. */
function ask(url: string): Promise<Told> {
  const { WEFT_REDIS_HOST, WEFT_REDIS_USERNAME, WEFT_REDIS_PASSWORD, WEFT_REDIS_TLS, WEFT_REDIS_DB } = redisFromUrl(url)
  const place = { host: new URL(url).hostname.replace(/^\[|\]$/g, ''), port: Number(/\d+$/.exec(WEFT_REDIS_HOST)?.[0]) }
  const login = [WEFT_REDIS_USERNAME, WEFT_REDIS_PASSWORD].filter((part) => part !== '')
  const commands = [...(login.length === 0 ? [] : [['AUTH', ...login]]), ['SELECT', WEFT_REDIS_DB], ['INFO']]
  return new Promise((resolve) => {
    let answer = ''
    // The system's authorities and those of SSL_CERT_FILE, which are the ones a sidecar goes by.
    const socket = WEFT_REDIS_TLS === 'true' ? connectTls({ ...place, ca: getCACertificates('system') }) : connect(place)
    const end = (failure?: string): void => {
      socket.destroy()
      resolve(failure === undefined ? { answer } : { answer, failure })
    }
    socket.setTimeout(timeoutMs, () => end(`no answer within ${timeoutMs / 1_000} s`))
    socket.once('error', (error) => end(error.message))
    socket.once('close', () => end('it closed the connection'))
    socket.once(WEFT_REDIS_TLS === 'true' ? 'secureConnect' : 'connect', () => socket.write(commands.map(encode).join('')))
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('utf8')
      if (/(^|\n)-.*\r\n|\ncluster_enabled:\d/.test(answer) || answer.length > answerBytesMax) end()
    })
  })
}

/** A command as Redis's protocol has it (RESP), in which a password may hold any character. */
function encode(command: string[]): string {
  return `*${command.length}\r\n${command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')}`
}
