// Restate: its server beside one service, whose handlers journal each step.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as restate from '@restatedev/restate-sdk'
import { Agent, request } from 'undici'
import { doStep, servePeer } from './serve-peer.mjs'

const [ingressPort, adminPort, nodePort, servicePort] = process.argv.slice(2).map(Number)
const folder = mkdtempSync(join(tmpdir(), 'bench-restate-'))
const binary = join(
  createRequire(import.meta.url).resolve('@restatedev/restate-server-linux-x64/package.json'),
  '..',
  'bin',
  'restate-server',
)
const server = spawn(binary, ['--base-dir', folder, '--node-name', 'bench'], {
  stdio: 'ignore',
  env: {
    ...process.env,
    RESTATE_LOG_FILTER: 'error',
    RESTATE_BIND_ADDRESS: `127.0.0.1:${nodePort}`,
    RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${nodePort}`,
    RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingressPort}`,
    RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${adminPort}`,
  },
})

const work = restate.service({
  name: 'work',
  handlers: {
    async run(ctx, { chain = 1, fanOut = 0, ...step }) {
      const plain = { ...step, delayMs: undefined }
      if (fanOut > 0) {
        await ctx.run('first', () => doStep(plain))
        await restate.RestatePromise.all(Array.from({ length: fanOut }, (_, n) => ctx.run(`m${n}`, () => doStep(step))))
        await ctx.run('last', () => doStep(plain))
        return
      }
      for (let n = 0; n < chain; n += 1) await ctx.run(`s${n}`, () => doStep(step))
    },
  },
})
await restate.serve({ services: [work], port: servicePort })
await register()

const connections = new Agent({ connections: 512 })
servePeer(
  async (shape) => {
    const response = await request(`http://127.0.0.1:${ingressPort}/work/run`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(shape),
      dispatcher: connections,
    })
    const text = await response.body.text()
    if (response.statusCode !== 200) throw new Error(text)
  },
  {
    async stop() {
      server.kill()
      await new Promise((resolve) => server.once('exit', resolve))
      rmSync(folder, { recursive: true, force: true })
    },
  },
)

async function register() {
  for (let attempt = 0; attempt < 200; attempt += 1, await sleep(100)) {
    const body = JSON.stringify({ uri: `http://127.0.0.1:${servicePort}`, force: true })
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`http://127.0.0.1:${adminPort}/deployments`, { method: 'POST', headers, body }).catch(
      () => undefined,
    )
    if (response?.ok) return
  }
  throw new Error('restate-server did not take the service')
}
