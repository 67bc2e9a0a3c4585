import { get } from 'node:http'
import { connect } from 'node:net'
import type { Probe } from './process-spec.ts'

/** `ready`: it serves; `alive`: it runs but does not serve (yet); `silent`: it did not answer in time. */
export type Health = 'ready' | 'alive' | 'silent'

const timeoutMs = 2_000
/** Longer, because a process that is busy answers late, and killing it would make it do all of its work again. */
const aliveTimeoutMs = 5_000
/** The longest time that `askHealth` takes: a process that does not say whether it is ready is asked whether it is alive. */
export const healthAnswerMsMax = timeoutMs + aliveTimeoutMs
const answerBytesMax = 65_536

/** Asks a process once, over a connection of its own that is closed again. Never throws. */
export async function askHealth(probe: Probe): Promise<Health> {
  switch (probe.kind) {
    case 'http':
      return askHttp(probe)
    case 'redis':
      return readRedisAnswer(await askTcp(probe.port, `AUTH ${probe.password}\r\nPING\r\n`, redisAnswer))
    case 'postgres':
      return readPostgresAnswer(await askTcp(probe.port, sslRequest, /[NS]/))
  }
}

/** PONG, or any error: a Redis that cannot write to its disk refuses even a PING (MISCONF), but it still holds the data that it could not write. */
const redisAnswer = /\+PONG|(^|\n)-.*\r\n/

export function readRedisAnswer(answer: string | undefined): Health {
  if (answer === undefined) return 'silent'
  return answer.includes('+PONG') ? 'ready' : 'alive'
}

function readPostgresAnswer(answer: string | undefined): Health {
  return answer === 'N' || answer === 'S' ? 'ready' : 'silent'
}

/** PostgreSQL's SSLRequest (protocol documentation, message formats): any server answers it with one letter, before log-in. */
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])

async function askHttp({ port, path, alivePath, headers = {} }: Probe & { kind: 'http' }): Promise<Health> {
  const status = await getStatus(port, path, { headers, timeoutMs })
  if (status !== undefined) return status >= 200 && status < 300 ? 'ready' : 'alive'
  // A process may say nothing of its readiness because a dependency of it hangs. That is no reason to kill the process.
  if (alivePath === undefined) return 'silent'
  const aliveStatus = await getStatus(port, alivePath, { headers, timeoutMs: aliveTimeoutMs })
  return aliveStatus === undefined ? 'silent' : 'alive'
}

function getStatus(
  port: number,
  path: string,
  { headers, timeoutMs }: { headers: Record<string, string>; timeoutMs: number },
): Promise<number | undefined> {
  return new Promise((resolve) => {
    const request = get(
      { host: '127.0.0.1', port, path, headers, agent: false, signal: AbortSignal.timeout(timeoutMs) },
      (response) => {
        response.resume()
        response.once('error', () => resolve(undefined))
        resolve(response.statusCode)
      },
    )
    request.once('error', () => resolve(undefined))
  })
}

/** Sends `question` to a port of this machine, and resolves to the answer once it matches `isComplete`; to undefined when it never does. */
export function askTcp(port: number, question: string | Buffer, isComplete: RegExp): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect({ host: '127.0.0.1', port })
    const end = (result: string | undefined): void => {
      socket.destroy()
      resolve(result)
    }
    socket.setTimeout(timeoutMs, () => end(undefined))
    socket.once('error', () => end(undefined))
    socket.once('close', () => end(undefined))
    socket.once('connect', () => socket.write(question))
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1')
      if (isComplete.test(answer) || answer.length > answerBytesMax) end(answer)
    })
  })
}
