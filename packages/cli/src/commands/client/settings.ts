import { liveSettings, RegistryOverlay, SettingName, type SettingValue, TenantRetention } from '@weft/contracts'
import { loadYaml } from '@weft/settings'
import type { Command } from 'commander'
import { z } from 'zod'
import { withMesh } from './connect-mesh.ts'
import { usageError } from './explain-failure.ts'

export function registerSettings(program: Command): void {
  const settings = program
    .command('settings')
    .description('what may be set while the mesh runs (needs an admin key of whoever runs it)')
  settings
    .command('list', { isDefault: true })
    .description('show every setting, and whether the database, the environment or the default says it')
    .option('--json', 'answer as JSON')
    .action((_options: unknown, command: Command) => listSettings(command))
  settings
    .command('set')
    .description('set some, all or none; they count within seconds, and after a restart')
    .argument('<name=value...>', 'such as routing=off; models and tenantRetention take the path of a YAML file')
    .option('--json', 'answer as JSON')
    .action((pairs: string[], _options: unknown, command: Command) => putSettings(Object.fromEntries(pairs.map(pairOf)), command))
  settings
    .command('reset')
    .description('have what the environment says hold again, or the default')
    .argument('<name...>', 'as `weft settings list` shows them')
    .option('--json', 'answer as JSON')
    .action((names: string[], _options: unknown, command: Command) =>
      putSettings(Object.fromEntries(names.map((name) => [nameOf(name), null])), command),
    )
}

const Setting = z.looseObject({
  name: z.string(),
  value: z.unknown(),
  source: z.string(),
  updatedAt: z.string().optional(),
  updatedBy: z.looseObject({ name: z.string() }).optional(),
})
const Page = z.object({ data: z.array(Setting) })

async function listSettings(command: Command): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    const { data } = Page.parse(await mesh.client.get('/settings'))
    if (isJson) terminal.printJson(data)
    else for (const setting of data) terminal.print(describe(setting))
  })
}

async function putSettings(body: Record<string, SettingValue | null>, command: Command): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    const { data } = Page.parse(await mesh.client.put('/settings', { body }))
    const changed = data.filter(({ name }) => name in body)
    if (isJson) terminal.printJson(changed)
    else for (const setting of changed) terminal.print(describe(setting))
  })
}

function pairOf(text: string): [SettingName, SettingValue] {
  const at = text.indexOf('=')
  if (at < 0) throw usageError(`"${text}" is not <name>=<value>`)
  const name = nameOf(text.slice(0, at))
  return [name, parseSetting(name, text.slice(at + 1))]
}

function nameOf(text: string): SettingName {
  const name = SettingName.safeParse(text)
  if (name.success) return name.data
  throw usageError(`there is no setting "${text}"; there are ${SettingName.options.join(', ')}`)
}

function parseSetting(name: SettingName, text: string): SettingValue {
  if (name === 'models') return loadYaml(text, RegistryOverlay)
  if (name === 'tenantRetention') return loadYaml(text, TenantRetention)
  const { value } = liveSettings[name]
  const asText = value.safeParse(text)
  if (asText.success) return asText.data
  const asNumber = value.safeParse(text.trim() === '' ? text : Number(text))
  if (asNumber.success) return asNumber.data
  throw usageError(`${name}: ${asNumber.error.issues[0]?.message}`)
}

const valueCharsMax = 60

function describe({ name, value, source, updatedAt, updatedBy }: z.infer<typeof Setting>): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const short = text.length > valueCharsMax ? `${text.slice(0, valueCharsMax)}…` : text
  const by = updatedAt === undefined ? '' : `  ${updatedAt} by ${updatedBy?.name ?? ''}`
  return `${name.padEnd(24)}  ${source.padEnd(11)}  ${short}${by}`
}
