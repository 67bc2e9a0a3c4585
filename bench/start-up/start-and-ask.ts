import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, testApiKey } from '@weft/tests/mesh/running-mesh.ts'

/** What is started, and with what. */
export interface Machine {
  /** A checkout. */
  root: string
  dataFolder: string
  environment: Record<string, string>
}

/** Seconds since the command was given. */
export interface StartUp {
  readyS: number
  answeredS: number
  /** From Ctrl-C to the end of everything. */
  stoppedS: number
  /** Lines about finished parts of an installation, with their times. */
  steps: string[]
}

export const checkout = join(import.meta.dirname, '..', '..')
const askEveryMs = 50
const startingMaxMs = 900_000

export const temporaryFolder = (prefix: string): string => mkdtempSync(join(tmpdir(), prefix))
export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true })

/** Starts the mesh as `npm start` does, asks until it answers, and stops it as Ctrl-C does. Throws with its output when it never answers. */
export async function startAndAsk({ root, dataFolder, environment }: Machine): Promise<StartUp> {
  const port = await freePort()
  const startMs = performance.now()
  const seconds = () => (performance.now() - startMs) / 1_000
  const child = spawn('node', [join(root, 'tools', 'bootstrap', 'start.mjs')], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment, WEFT_PORT: String(port), WEFT_DATA: dataFolder, WEFT_API_KEY: testApiKey },
  })
  const ended = once(child, 'exit')
  const lines: string[] = []
  let readyS = Number.NaN
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      if (line.startsWith('Weft is ready')) readyS = seconds()
    })
  }
  try {
    while (!(await isAnswered(port))) {
      if (child.exitCode !== null || seconds() * 1_000 > startingMaxMs) throw new Error(`no answer:\n${lines.join('\n')}`)
      await sleep(askEveryMs)
    }
    const answeredS = seconds()
    while (Number.isNaN(readyS) && child.exitCode === null) await sleep(askEveryMs)
    const stopMs = performance.now()
    child.kill('SIGINT')
    await ended
    return {
      readyS,
      answeredS,
      stoppedS: (performance.now() - stopMs) / 1_000,
      steps: lines.filter((line) => line.startsWith('✓')),
    }
  } finally {
    child.kill('SIGINT')
    await ended
  }
}

async function isAnswered(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${testApiKey}` },
      body: JSON.stringify({ model: 'weft/auto', messages: [{ role: 'user', content: 'Are you there?' }] }),
      signal: AbortSignal.timeout(30_000),
    })
    await response.text()
    return response.status === 200
  } catch {
    return false
  }
}
