import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CORE_SCHEMA, load, loadAll, mergeTag } from 'js-yaml'
import { z } from 'zod'

/** The files under test, as YAML and not as any program resolved them. */
export const root = join(import.meta.dirname, '..', '..')
export const appIds = ['planner', 'orchestrator', 'reasoning', 'rag', 'gateway'] as const

const schema = CORE_SCHEMA.withTags(mergeTag)

export function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

export function readYaml<T extends z.ZodType>(path: string, shape: T): z.infer<T> {
  return shape.parse(load(readText(path), { schema }))
}

export function readDocuments<T extends z.ZodType>(path: string, shape: T): z.infer<T>[] {
  return loadAll(readText(path), { schema }).map((document) => shape.parse(document))
}

export function parseDocuments<T extends z.ZodType>(text: string, shape: T): z.infer<T>[] {
  return loadAll(text, { schema }).map((document) => shape.parse(document))
}

export function filesIn(folder: string, extension: string): string[] {
  return readdirSync(join(root, folder)).filter((name) => name.endsWith(extension))
}

const Component = z.looseObject({
  kind: z.literal('Component'),
  metadata: z.object({ name: z.string() }),
  spec: z.looseObject({
    metadata: z.array(z.looseObject({ name: z.string(), secretKeyRef: z.object({ name: z.string() }).optional() })),
  }),
})

/** The components of every deployment, and the environment variables they ask for. */
export function readComponents(): { names: string[]; variables: string[] } {
  const components = filesIn('dapr/components', '.yaml').map((name) => readYaml(`dapr/components/${name}`, Component))
  const variables = components.flatMap(({ spec }) => spec.metadata.flatMap((item) => item.secretKeyRef?.name ?? []))
  return { names: components.map(({ metadata }) => metadata.name), variables: [...new Set(variables)] }
}

const Registry = z.object({
  providers: z.array(z.looseObject({ keyVariable: z.string().optional(), baseUrlVariable: z.string().optional() })),
})

/** The variables by which the model registry's providers are switched on. */
export function providerVariables(): string[] {
  const { providers } = readYaml('packages/models/models.yaml', Registry)
  return providers.flatMap(({ keyVariable, baseUrlVariable }) => [keyVariable ?? [], baseUrlVariable ?? []].flat())
}

const SettingsModule = z.record(z.string(), z.unknown())

/** What a service would say about this environment: nothing, or every variable that is missing or wrong. */
export async function settingsProblem(appId: string, environment: Record<string, string>): Promise<string | undefined> {
  const settings = await settingsOf(appId)
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  return settings.safeParse(given).error?.message
}

/** The variables that a service's settings name. */
export async function settingNames(appId: string): Promise<string[]> {
  return Object.keys((await settingsOf(appId)).shape)
}

async function settingsOf(appId: string): Promise<z.ZodObject> {
  const module = SettingsModule.parse({ ...(await import(join(root, 'services', appId, 'src', 'settings.ts'))) })
  const settings = Object.values(module).find((value) => value instanceof z.ZodObject)
  if (settings === undefined) throw new TypeError(`services/${appId}/src/settings.ts exports no schema`)
  return settings
}
