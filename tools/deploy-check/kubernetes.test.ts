import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { componentNames } from '@weft/mesh'
import { z } from 'zod'
import {
  appIds,
  filesIn,
  parseDocuments,
  readComponents,
  readDocuments,
  readText,
  readYaml,
  root,
  settingsProblem,
} from './deploy-files.ts'

const Variable = z.looseObject({
  name: z.string(),
  value: z.string().optional(),
  valueFrom: z.looseObject({ secretKeyRef: z.object({ name: z.string(), key: z.string() }).optional() }).optional(),
})
const Probe = z.looseObject({
  exec: z.object({ command: z.array(z.string()) }).optional(),
  httpGet: z.looseObject({ path: z.string(), port: z.union([z.string(), z.number()]) }).optional(),
})
const Container = z.looseObject({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()),
  env: z.array(Variable),
  envFrom: z.array(
    z.looseObject({
      configMapRef: z.object({ name: z.string() }).optional(),
      secretRef: z.looseObject({ name: z.string() }).optional(),
    }),
  ),
  ports: z.array(z.looseObject({ containerPort: z.number() })).default([]),
  startupProbe: Probe,
  livenessProbe: Probe,
  readinessProbe: Probe,
  securityContext: z.looseObject({}),
})
const Document = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
  spec: z.unknown().optional(),
  data: z.record(z.string(), z.string()).optional(),
})
type Document = z.infer<typeof Document>
const Workload = z.looseObject({
  template: z.looseObject({
    metadata: z.looseObject({ annotations: z.record(z.string(), z.string()), labels: z.record(z.string(), z.string()) }),
    spec: z.looseObject({ serviceAccountName: z.string(), containers: z.array(Container).length(1) }),
  }),
})

const kustomization = readYaml(
  'deploy/kubernetes/kustomization.yaml',
  z.looseObject({ resources: z.array(z.string()), patches: z.array(z.looseObject({ path: z.string() })) }),
)

describe('deploy/kubernetes', () => {
  it('leaves no file out', () => {
    const named = [...kustomization.resources, ...kustomization.patches.map(({ path }) => path)]
    const files = filesIn('deploy/kubernetes', '.yaml').filter((name) => name !== 'kustomization.yaml')
    expect(named).toEqual(expect.arrayContaining(files))
    for (const file of files) expect(readDocuments(`deploy/kubernetes/${file}`, Document).length).toBeGreaterThan(0)
  })

  it('takes the component and resiliency files that every other way to run the mesh takes', () => {
    expect(kustomization.resources).toContain('../../dapr')
    const { resources } = readYaml('dapr/kustomization.yaml', z.looseObject({ resources: z.array(z.string()) }))
    const files = ['components', 'resiliency'].flatMap((folder) =>
      filesIn(`dapr/${folder}`, '.yaml').map((name) => `${folder}/${name}`),
    )
    expect(resources.toSorted()).toEqual(files.toSorted())
  })

  it('has no secret in it', () => {
    for (const file of filesIn('deploy/kubernetes', '.yaml'))
      expect(readText(`deploy/kubernetes/${file}`)).not.toMatch(/^kind: Secret$/m)
  })
})

const program = 'kubectl'
const rendered = spawnSync(program, ['kustomize', join(root, 'deploy/kubernetes')], { encoding: 'utf8' })
const hasKustomize = rendered.error === undefined
if (!hasKustomize) console.warn('SKIPPED: this machine has no kubectl; the manifests were not put together')
const documents = hasKustomize && rendered.status === 0 ? parseDocuments(rendered.stdout, Document) : []

function find(kind: string, name: string): Document {
  const found = documents.find((document) => document.kind === kind && document.metadata.name === name)
  if (found === undefined) throw new TypeError(`no ${kind} ${name}`)
  return found
}

const suite = hasKustomize ? describe : describe.skip

suite('the manifests, put together', () => {
  it('are whole, in one namespace', () => {
    expect(rendered.stderr).toBe('')
    expect(rendered.status).toBe(0)
    const elsewhere = documents.filter(({ kind, metadata }) => kind !== 'Namespace' && metadata.namespace !== 'weft')
    expect(elsewhere.map(({ metadata }) => metadata.name)).toEqual([])
    for (const name of [...Object.values(componentNames), 'env'])
      expect(find('Component', name).apiVersion).toBe('dapr.io/v1alpha1')
    expect(find('Resiliency', 'weft').kind).toBe('Resiliency')
  })

  it('close every pod to whoever is not named', () => {
    expect(find('NetworkPolicy', 'sidecars').spec).toMatchObject({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] })
  })
})

suite.each(appIds)('%s in Kubernetes', (appId) => {
  const kind = appId === 'gateway' ? 'StatefulSet' : 'Deployment'
  const workload = (): z.infer<typeof Workload>['template'] => Workload.parse(find(kind, appId).spec).template
  const container = (): z.infer<typeof Container> => Container.parse(workload().spec.containers[0])
  const variable = (name: string): z.infer<typeof Variable> | undefined => container().env.find((each) => each.name === name)

  it('runs its own code from a pinned image, without rights', () => {
    expect(container().args).toEqual([`services/${appId}/src/main.ts`])
    expect(container().image).toMatch(/^[a-z0-9./-]+:\d+\.\d+\.\d+$/)
    expect(container().securityContext).toMatchObject({
      runAsUser: 1000,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
    })
    expect(workload().spec).toMatchObject({ automountServiceAccountToken: false, securityContext: { runAsNonRoot: true } })
    expect(workload().spec.serviceAccountName).toBe(find('ServiceAccount', appId).metadata.name)
  })

  it('has a sidecar of its name, and shares two tokens with it that no other service has', () => {
    const { annotations } = workload().metadata
    expect(annotations).toMatchObject({
      'dapr.io/enabled': 'true',
      'dapr.io/app-id': appId,
      'dapr.io/config': find('Configuration', 'weft').metadata.name,
    })
    expect(annotations['dapr.io/app-port']).toBe(variable('WEFT_APP_PORT')?.value)
    // Dapr reads the key `token` of the secrets that the annotations name.
    expect(variable('DAPR_API_TOKEN')?.valueFrom?.secretKeyRef).toEqual({ name: `${appId}-dapr-api-token`, key: 'token' })
    expect(variable('APP_API_TOKEN')?.valueFrom?.secretKeyRef).toEqual({ name: `${appId}-app-api-token`, key: 'token' })
    expect(annotations['dapr.io/api-token-secret']).toBe(`${appId}-dapr-api-token`)
    expect(annotations['dapr.io/app-token-secret']).toBe(`${appId}-app-api-token`)
  })

  it('gives its sidecar, and not itself, what the component files ask for', () => {
    const given = (workload().metadata.annotations['dapr.io/env-from-secret'] ?? '').split(',').map((pair) => pair.split('=')[0])
    expect(given).toEqual(expect.arrayContaining(readComponents().variables))
    for (const name of readComponents().variables) expect(variable(name)).toBeUndefined()
  })

  it('can read its settings', async () => {
    const given = container().env.map(({ name, value }) => [name, value ?? secretExamples[name] ?? ''])
    const environment = { ...find('ConfigMap', 'weft-settings').data, ...Object.fromEntries(given) }
    expect(container().envFrom.map(({ configMapRef }) => configMapRef?.name)).toContain('weft-settings')
    expect(await settingsProblem(appId, environment)).toBeUndefined()
  })

  it('has the files that its settings may name', () => {
    expect(workload().spec.volumes).toContainEqual({ name: 'files', configMap: { name: 'weft-files', optional: true } })
    expect(container().volumeMounts).toContainEqual({ name: 'files', mountPath: '/etc/weft', readOnly: true })
  })

  it('is asked whether it lives and is ready where somebody listens', () => {
    for (const [probe, path] of [
      [container().startupProbe, '/livez'],
      [container().livenessProbe, '/livez'],
      [container().readinessProbe, '/readyz'],
    ] as const) {
      // The internal listener is on the loopback interface: it can be asked only from inside.
      if (appId === 'gateway') expect([probe.exec, probe.httpGet?.path]).toEqual([undefined, path])
      else
        expect([probe.exec?.command, probe.httpGet]).toEqual([
          ['node', 'probe.mjs', `http://127.0.0.1:${variable('WEFT_APP_PORT')?.value}${path}`],
          undefined,
        ])
    }
    if (appId === 'gateway') expect(String(container().ports[0]?.containerPort)).toBe(variable('WEFT_PORT')?.value)
  })

  it('is scaled, and never taken down whole', () => {
    expect(find('HorizontalPodAutoscaler', appId).spec).toMatchObject({ scaleTargetRef: { kind, name: appId }, minReplicas: 2 })
    expect(find('PodDisruptionBudget', appId).spec).toMatchObject({
      maxUnavailable: 1,
      selector: { matchLabels: workload().metadata.labels },
    })
  })
})

/** What the secrets and the pod's own name would hold. */
const secretExamples: Record<string, string> = {
  WEFT_INSTANCE: 'gateway-0',
  DAPR_API_TOKEN: 'a'.repeat(64),
  APP_API_TOKEN: 'b'.repeat(64),
  DATABASE_URLS: 'postgres://weft:password@postgres:5432/weft',
  WEFT_API_KEY: `weft_${'c'.repeat(64)}`,
}

describe('deploy/README.md', () => {
  it('says how to make every secret that a pod needs', () => {
    const text = readText('deploy/README.md')
    for (const name of ['weft-redis', 'weft-database', 'weft-admin-key', 'weft-providers', '-dapr-api-token', '-app-api-token'])
      expect(text).toContain(name)
  })
})
