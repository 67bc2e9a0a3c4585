import type { Command } from 'commander'
import { z } from 'zod'
import { withMesh } from './connect-mesh.ts'
import { usageError } from './explain-failure.ts'
import { listPages } from './list-pages.ts'

export function registerKeys(program: Command): void {
  const keys = program.command('keys').description('API keys of this mesh (needs a key with the scope admin)')
  keys
    .command('create')
    .description('make a key; it is shown once')
    .option('--name <name>', 'what it is for', 'command line')
    .option('--scopes <list>', `comma separated: ${scopes.join(', ')}`, scopesOption, ['chat'])
    .option('--json', 'answer as JSON')
    .action((options: { name: string; scopes: string[] }, command: Command) => createKey(options, command))
  keys
    .command('list')
    .description('show the keys, never their secrets')
    .option('--json', 'answer as JSON')
    .action((_options: unknown, command: Command) => listKeys(command))
  keys
    .command('revoke')
    .description('make a key invalid at once')
    .argument('<id>', 'as `weft keys list` shows it')
    .option('--json', 'answer as JSON')
    .action((id: string, _options: unknown, command: Command) => revokeKey(id, command))
}

const scopes = ['chat', 'approve', 'admin']

export function scopesOption(value: string): string[] {
  const named = value.split(',').map((scope) => scope.trim())
  const unknown = named.filter((scope) => !scopes.includes(scope))
  if (unknown.length > 0) throw usageError(`--scopes knows ${scopes.join(', ')}, not "${unknown.join(', ')}"`)
  return [...new Set(named)]
}

const ApiKey = z.looseObject({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.string()),
  createdAt: z.string().optional(),
  revokedAt: z.string().nullish(),
})
const NewApiKey = ApiKey.extend({ key: z.string() })

async function createKey(body: { name: string; scopes: string[] }, command: Command): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    const created = NewApiKey.parse(await mesh.client.post('/keys', { body: { name: body.name, scopes: body.scopes } }))
    if (isJson) {
      terminal.printJson(created)
      return
    }
    terminal.print(created.key)
    terminal.note(`key ${created.id} with ${created.scopes.join(', ')}; it is not shown again`)
  })
}

async function listKeys(command: Command): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    const found = await listPages(mesh.client, { path: '/keys', item: ApiKey })
    if (isJson) terminal.printJson(found)
    else for (const key of found) terminal.print(describeKey(key))
  })
}

function describeKey({ id, name, scopes: granted, createdAt, revokedAt }: z.infer<typeof ApiKey>): string {
  const state = revokedAt == null ? '' : `  revoked ${revokedAt}`
  return `${id}  ${granted.join(',').padEnd(18)}  ${createdAt ?? ''}  ${name}${state}`
}

async function revokeKey(id: string, command: Command): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    await mesh.client.delete(`/keys/${encodeURIComponent(id)}`)
    if (isJson) terminal.printJson({ id, revoked: true })
    else terminal.print(`revoked ${id}`)
  })
}
