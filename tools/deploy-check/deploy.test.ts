import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { componentNames } from '@weft/mesh'
import { z } from 'zod'
import { type ComposeService, environmentOf, flagOf, interpolate, makeEnvironment, readCompose } from './compose-file.ts'
import {
  appIds,
  providerVariables,
  readComponents,
  readText,
  readYaml,
  root,
  settingNames,
  settingsProblem,
} from './deploy-files.ts'

const { services, volumes } = readCompose()
const { variables, mode } = makeEnvironment()
const dockerfiles = ['deploy/docker/Dockerfile', 'deploy/docker/postgres/Dockerfile']

function service(name: string): ComposeService {
  const found = services[name]
  if (found === undefined) throw new TypeError(`docker-compose.yml has no ${name}`)
  return found
}

/** What `npm start` fetches or builds. */
function pin(name: 'DAPR' | 'NODE'): string {
  return new RegExp(`^export const ${name}_VERSION = '([^']+)'`, 'm').exec(readText('tools/bootstrap/pins.mjs'))?.[1] ?? ''
}

describe('the images', () => {
  const published = Object.values(services).flatMap(({ image, build }) => (build === undefined ? [image] : []))
  const bases = dockerfiles.flatMap((path) => [...readText(path).matchAll(/^FROM (\S+:\S+)/gm)].map((match) => match[1] ?? ''))

  it('are pinned to a version with its minor number, never to a moving tag', () => {
    expect(published.length).toBeGreaterThan(5)
    expect(bases.length).toBeGreaterThan(2)
    for (const image of [...published, ...bases]) expect(image).toMatch(/^[a-z0-9./-]+:(v|version-)?\d+\.\d+[a-z0-9.-]*$/)
  })

  it('have the versions that run without containers', () => {
    for (const [name, { image }] of Object.entries(services)) {
      if (image.startsWith('daprio/')) expect([name, image.split(':')[1]]).toEqual([name, pin('DAPR')])
    }
    expect(bases).toContain(`node:${pin('NODE')}-bookworm-slim`)
  })

  it('that are built here come from existing files and are never pulled', () => {
    const built = Object.values(services).filter(({ build }) => build !== undefined)
    expect(built).toHaveLength(appIds.length + 1)
    for (const { build, pull_policy } of built) {
      expect(existsSync(join(root, build?.context ?? '', build?.dockerfile ?? 'Dockerfile'))).toBe(true)
      expect(pull_policy).toBe('build')
    }
  })

  it('run as somebody else than root', () => {
    const last =
      readText('deploy/docker/Dockerfile')
        .split(/^FROM /m)
        .at(-1) ?? ''
    expect(last).toMatch(/^USER 1000:1000$/m)
    expect(last).not.toMatch(/npm|pnpm/)
  })
})

describe('the .env made by the line in .env.example', () => {
  it('is readable by its owner alone and gives every secret a value of its own', () => {
    expect(mode).toBe(0o600)
    const secrets = Object.entries(variables).filter(([name]) => /TOKEN|PASSWORD|KEY/.test(name))
    expect(secrets).toHaveLength(2 * appIds.length + 5)
    for (const [, value] of secrets) expect(value).toMatch(/^(weft_)?[0-9a-f]{64}$/)
    expect(new Set(secrets.map(([, value]) => value)).size).toBe(secrets.length)
  })

  it('holds every variable that docker-compose.yml requires, and without it nothing starts', () => {
    const required = new Set([...readText('docker-compose.yml').matchAll(/\$\{([A-Z_]+):\?/g)].map((match) => match[1] ?? ''))
    expect(required.size).toBeGreaterThan(10)
    expect([...required].filter((name) => !variables[name])).toEqual([])
    expect(() => environmentOf(service('gateway'), {})).toThrow('make .env')
  })

  it('is kept out of the repository', () => {
    expect(readText('.gitignore').split('\n')).toContain('.env')
  })
})

describe.each(appIds)('%s under Compose', (appId) => {
  const app = service(appId)
  const sidecar = service(`${appId}-daprd`)
  const appEnvironment = environmentOf(app, variables)
  const sidecarEnvironment = environmentOf(sidecar, variables)

  it('shares a network namespace with its sidecar and nobody else, and either may restart alone', () => {
    expect(app.network_mode).toBe(`service:${appId}-pod`)
    expect(sidecar.network_mode).toBe(app.network_mode)
    expect(service(`${appId}-pod`).networks).toEqual({ mesh: { aliases: [appId] } })
    expect([app.restart, sidecar.restart, service(`${appId}-pod`).restart]).toEqual(Array(3).fill('unless-stopped'))
    expect(Object.values(services).filter(({ network_mode }) => network_mode === app.network_mode)).toHaveLength(2)
  })

  it('runs its own code beside a sidecar of its name', () => {
    expect(app.command).toEqual([`services/${appId}/src/main.ts`])
    expect(existsSync(join(root, `services/${appId}/src/main.ts`))).toBe(true)
    expect(flagOf(sidecar, 'app-id')).toBe(appId)
  })

  it('shows its sidecar, and its sidecar shows it, a token that no other service has', () => {
    expect(appEnvironment.DAPR_API_TOKEN).not.toBe(appEnvironment.APP_API_TOKEN)
    for (const name of ['DAPR_API_TOKEN', 'APP_API_TOKEN']) {
      const token = appEnvironment[name] ?? ''
      expect(token).toMatch(/^[0-9a-f]{64}$/)
      expect(sidecarEnvironment[name]).toBe(token)
      const holders = Object.entries(services).filter(([, other]) =>
        Object.values(environmentOf(other, variables)).includes(token),
      )
      expect(holders.map(([holder]) => holder).toSorted()).toEqual([appId, `${appId}-daprd`])
    }
  })

  it('and its sidecar find each other, the other sidecars, placement and scheduler', () => {
    expect(flagOf(sidecar, 'app-port')).toBe(appEnvironment.WEFT_APP_PORT)
    expect(flagOf(sidecar, 'dapr-http-port')).toBe(appEnvironment.DAPR_HTTP_PORT)
    expect(flagOf(sidecar, 'dapr-listen-addresses')).toBe('127.0.0.1')
    expect(resolution.spec.nameResolution.configuration.format).toBe(`{appid}:${flagOf(sidecar, 'dapr-internal-grpc-port')}`)
    for (const name of ['placement', 'scheduler']) {
      expect(flagOf(sidecar, `${name}-host-address`)).toBe(`${name}:${flagOf(service(name), 'port')}`)
    }
  })

  it('can read its settings', async () => {
    expect(await settingsProblem(appId, appEnvironment)).toBeUndefined()
    const { APP_API_TOKEN: _missing, ...incomplete } = appEnvironment
    expect(await settingsProblem(appId, incomplete)).toContain('APP_API_TOKEN')
  })

  it('loads the component files of every deployment, with all they ask for', () => {
    const mounts = sidecar.volumes.map((volume) => volume.split(':'))
    expect(mounts.map(([source]) => source)).toEqual(expect.arrayContaining(['./dapr/components', './dapr/resiliency']))
    const paths = sidecar.entrypoint.filter((arg) => arg.startsWith('--resources-path=')).map((arg) => arg.split('=')[1])
    expect(paths.toSorted()).toEqual(['/dapr/components', '/dapr/resiliency'])
    expect(mounts.map(([, target]) => target)).toEqual(expect.arrayContaining([...paths, flagOf(sidecar, 'config')]))
    expect(Object.keys(sidecar.environment)).toEqual(expect.arrayContaining(readComponents().variables))
  })
})

const Resolution = z.looseObject({
  spec: z.looseObject({
    nameResolution: z.object({ component: z.string(), version: z.string(), configuration: z.object({ format: z.string() }) }),
  }),
})
const resolution = readYaml('deploy/compose/configuration.yaml', Resolution)
const Rest = z.looseObject({ spec: z.looseObject({ features: z.unknown(), secrets: z.unknown(), metric: z.unknown() }) })

describe('the mesh under Compose', () => {
  it('has the components whose names the code uses', () => {
    expect(readComponents().names).toEqual(expect.arrayContaining(Object.values(componentNames)))
  })

  it.each(['deploy/compose/configuration.yaml', 'deploy/kubernetes/configuration.yaml'])(
    '%s keeps what dapr/config.yaml says of features, secrets and metrics',
    (path) => {
      const [original, copy] = [readYaml('dapr/config.yaml', Rest), readYaml(path, Rest)]
      expect(copy.spec.features).toEqual(original.spec.features)
      expect(copy.spec.secrets).toEqual(original.spec.secrets)
      expect(copy.spec.metric).toEqual(original.spec.metric)
    },
  )

  it('publishes the gateway alone, and the boards when asked for, and only on this machine', () => {
    const published = Object.entries(services).flatMap(([name, { ports }]) => ports.map((port) => ({ name, port })))
    for (const { port } of published) expect(interpolate(port, variables)).toMatch(/^127\.0\.0\.1:\d+:\d+$/)
    const always = published.filter(({ name }) => service(name).profiles.length === 0)
    const gateway = environmentOf(service('gateway'), variables)
    expect(always).toEqual([{ name: 'gateway-pod', port: `127.0.0.1:\${WEFT_PORT:-8000}:${gateway.WEFT_PORT}` }])
    expect(published.map(({ name }) => name).toSorted()).toEqual(['gateway-pod', 'grafana', 'phoenix'])
  })

  it('hands every provider of the model registry on to the services that call models, and to no sidecar', () => {
    for (const name of ['gateway', 'reasoning', 'rag'])
      expect(Object.keys(service(name).environment)).toEqual(expect.arrayContaining(providerVariables()))
    const others = Object.entries(services).filter(([name]) => !['gateway', 'reasoning', 'rag'].includes(name))
    for (const [, other] of others)
      expect(Object.keys(other.environment).filter((name) => providerVariables().includes(name))).toEqual([])
  })

  it.each(['gateway', 'reasoning', 'rag', 'orchestrator'])(
    'hands every setting of %s on to it, but for what its image and the command line say',
    async (name) => {
      const own = /^WEFT_(?:DATA|ADMIN_KEY_FILE|LEDGER_FOLDER|FAULTS)$/
      const chosen = (await settingNames(name)).filter((setting) => setting.startsWith('WEFT_') && !own.test(setting))
      expect(chosen.filter((setting) => !(setting in service(name).environment))).toEqual([])
    },
  )

  it.each(['gateway', 'reasoning', 'rag', 'orchestrator'])('gives %s the files that its settings may name', (name) => {
    const own = service(name).volumes.map((volume) => interpolate(volume, { WEFT_FILES: './our-files' }))
    expect(own).toContain('./our-files:/etc/weft:ro')
  })

  it('mounts only files and volumes that exist', () => {
    for (const volume of Object.values(services).flatMap((each) => each.volumes.map((one) => interpolate(one, {})))) {
      const [source = ''] = volume.split(':')
      expect([source, source.startsWith('./') ? existsSync(join(root, source)) : source in volumes]).toEqual([source, true])
    }
  })

  const hasCompose = spawnSync('docker', ['compose', 'version']).status === 0
  if (!hasCompose)
    console.warn('SKIPPED: this machine has no `docker compose`; docker-compose.yml was not checked by Compose itself')
  ;(hasCompose ? it : it.skip)('is accepted by docker compose', () => {
    const folder = mkdtempSync(join(tmpdir(), 'weft-compose-'))
    writeFileSync(
      join(folder, 'env'),
      Object.entries(variables)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    )
    const args = ['compose', '--env-file', join(folder, 'env'), '--profile', 'observability', 'config', '--quiet']
    const run = spawnSync('docker', args, { cwd: root, encoding: 'utf8' })
    rmSync(folder, { recursive: true })
    expect(run.stderr).toBe('')
    expect(run.status).toBe(0)
  })
})
