import { describe, expect, it } from '@jest/globals'
import { dataPaths } from './data-paths.ts'
import { chooseMeshPorts, type MeshPlan } from './mesh-plan.ts'
import { planProcesses } from './plan-processes.ts'
import type { ProcessSpec } from './process-spec.ts'

const token = 'x'.repeat(40)
const tokens = { apiToken: `api-${token}`, appToken: `app-${token}` }

async function examplePlan(more: Partial<MeshPlan> = {}): Promise<MeshPlan> {
  return {
    root: '/weft',
    paths: dataPaths('/data'),
    toolchain: {
      nodeBin: '/bin/node',
      daprd: '/bin/daprd',
      placement: '/bin/placement',
      scheduler: '/bin/scheduler',
      redisServer: '/bin/redis-server',
    },
    tokens: {
      redisPassword: token,
      apps: { planner: tokens, orchestrator: tokens, reasoning: tokens, rag: tokens, gateway: tokens },
    },
    publicPort: 8000,
    ports: await chooseMeshPorts(more.replicas ?? {}, {}),
    replicas: {},
    databaseUrls: undefined,
    redisUrl: undefined,
    compileCacheFolder: '/cache',
    environment: {
      PATH: '/usr/bin',
      HOME: '/home/me',
      OPENAI_API_KEY: 'sk-1',
      WEFT_API_KEY: 'weft_1',
      OTEL_SERVICE_NAME: 'mine',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c',
    },
    ...more,
  }
}

function find(specs: ProcessSpec[], name: string): ProcessSpec {
  const spec = specs.find((one) => one.name === name)
  if (spec === undefined) throw new Error(`${name} is not planned`)
  return spec
}

describe('the processes of a mesh', () => {
  it('are the infrastructure, then each service beside its sidecar', async () => {
    const names = planProcesses(await examplePlan()).map(({ name }) => name)
    expect(names).toEqual([
      'redis',
      'pglite',
      'placement',
      'scheduler',
      'planner',
      'planner-daprd',
      'orchestrator',
      'orchestrator-daprd',
      'reasoning',
      'reasoning-daprd',
      'rag',
      'rag-daprd',
      'gateway',
      'gateway-daprd',
    ])
  })

  it('leave out what the environment provides', async () => {
    const plan = await examplePlan({ databaseUrls: 'postgres://db.example/weft', redisUrl: 'redis://cache.example' })
    const specs = planProcesses(plan)
    expect(specs.map(({ name }) => name)).not.toEqual(expect.arrayContaining(['redis']))
    expect(specs.map(({ name }) => name)).not.toEqual(expect.arrayContaining(['pglite']))
    expect(find(specs, 'rag').env.DATABASE_URLS).toBe('postgres://db.example/weft')
    expect(find(specs, 'rag').startsAfter).toEqual([])
    expect(find(specs, 'rag-daprd').env.WEFT_REDIS_HOST).toBe('cache.example:6379')
  })

  it('trust the authorities that the environment names, as a Redis with a certificate of one’s own needs', async () => {
    const environment = { SSL_CERT_FILE: '/etc/our-ca.pem' }
    const specs = planProcesses(await examplePlan({ redisUrl: 'rediss://cache.example', environment }))
    expect(find(specs, 'rag-daprd').env).toMatchObject({ SSL_CERT_FILE: '/etc/our-ca.pem', WEFT_REDIS_TLS: 'true' })
  })

  it.each([
    ['/data', '/data/run/redis.conf'],
    ['/weft [old]', '/weft \\[old\\]/run/redis.conf'],
    ['/what?/a\\b', '/what\\?/a\\\\b/run/redis.conf'],
    ['/a\\b', '/a\\b/run/redis.conf'],
  ])('have Redis find its configuration in %s, which it would take for a pattern', async (folder, path) => {
    expect(find(planProcesses(await examplePlan({ paths: dataPaths(folder) })), 'redis').args).toEqual([path])
  })

  it('give a sidecar each of its files as one, with a comma in its name too', async () => {
    const plan = await examplePlan({ root: '/weft, old', paths: dataPaths('/a "b",c') })
    const { args } = find(planProcesses(plan), 'rag-daprd')
    expect(args[args.indexOf('--config') + 1]).toBe('"/a ""b"",c/run/dapr-configuration.yaml"')
    expect(args[args.indexOf('--resources-path') + 1]).toBe('"/weft, old/dapr/components"')
  })

  it('are only the infrastructure when the services are to be debugged', async () => {
    expect(planProcesses(await examplePlan(), { infrastructureOnly: true }).map(({ name }) => name)).toEqual([
      'redis',
      'pglite',
      'placement',
      'scheduler',
    ])
  })

  it('number the copies of a service, which share an app id and differ in instance and ports', async () => {
    const specs = planProcesses(await examplePlan({ replicas: { gateway: 2 } }))
    const [first, second] = [find(specs, 'gateway-1'), find(specs, 'gateway-2')]
    expect([first.env.WEFT_INSTANCE, second.env.WEFT_INSTANCE]).toEqual(['0', '1'])
    expect(first.env.WEFT_PORT).toBe('8000')
    expect(second.env.WEFT_PORT).not.toBe('8000')
    for (const name of ['gateway-1-daprd', 'gateway-2-daprd'])
      expect(find(specs, name).args.slice(0, 2)).toEqual(['--app-id', 'gateway'])
  })

  it('end from the gateway inwards', async () => {
    const stages = planProcesses(await examplePlan()).map(({ name, stopStage }) => [name, stopStage] as const)
    const stageOf = Object.fromEntries(stages)
    expect(stageOf.gateway).toBeLessThan(stageOf.rag ?? 0)
    expect(stageOf.rag).toBeLessThan(stageOf['gateway-daprd'] ?? 0)
    expect(stageOf['rag-daprd']).toBeLessThan(stageOf.redis ?? 0)
  })
})

describe('what a process is given', () => {
  it('binds every listener of a sidecar to this machine', async () => {
    const { args, env } = find(planProcesses(await examplePlan()), 'rag-daprd')
    for (const flag of ['--dapr-listen-addresses', '--dapr-internal-grpc-listen-address', '--metrics-listen-address']) {
      expect(args[args.indexOf(flag) + 1]).toBe('127.0.0.1')
    }
    expect(env.DAPR_HOST_IP).toBe('127.0.0.1')
  })

  it('keeps provider keys from everything but the services, and the admin key from all of them', async () => {
    for (const { name, env } of planProcesses(await examplePlan())) {
      const isService = ['planner', 'orchestrator', 'reasoning', 'rag', 'gateway'].includes(name)
      expect([name, env.OPENAI_API_KEY]).toEqual([name, isService ? 'sk-1' : undefined])
      expect([name, env.WEFT_API_KEY]).toEqual([name, undefined])
    }
  })

  it('hands on where telemetry goes, but not one name for all', async () => {
    const specs = planProcesses(await examplePlan())
    for (const name of ['rag', 'rag-daprd']) {
      expect(find(specs, name).env.OTEL_EXPORTER_OTLP_ENDPOINT).toBe('http://c')
      expect(find(specs, name).env.OTEL_SERVICE_NAME).toBeUndefined()
    }
  })

  it('connects a service and its sidecar by ports and tokens', async () => {
    const specs = planProcesses(await examplePlan())
    const [app, sidecar] = [find(specs, 'rag'), find(specs, 'rag-daprd')]
    expect(sidecar.args[sidecar.args.indexOf('--app-port') + 1]).toBe(app.env.WEFT_APP_PORT)
    expect(sidecar.args[sidecar.args.indexOf('--dapr-http-port') + 1]).toBe(app.env.DAPR_HTTP_PORT)
    expect([app.env.DAPR_API_TOKEN, app.env.APP_API_TOKEN]).toEqual([sidecar.env.DAPR_API_TOKEN, sidecar.env.APP_API_TOKEN])
  })
})
