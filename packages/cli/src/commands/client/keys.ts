import type { Command } from 'commander'
import { z } from 'zod'
import { withMesh } from './connect-mesh.ts'
import { usageError } from './explain-failure.ts'
import { listPages } from './list-pages.ts'
import { wholeNumberOption } from './whole-number-option.ts'

export function registerKeys(program: Command): void {
  const keys = program.command('keys').description('API keys of this mesh (needs a key with the scope admin)')
  keys
    .command('create')
    .description('make a key; it is shown once')
    .option('--name <name>', 'whom or what it is for; decisions about approvals are kept under it', 'command line')
    .option('--scopes <list>', `comma separated: ${scopes.join(', ')}`, scopesOption, ['chat'])
    .option('--role <role>', 'may decide approvals of this role; can be given several times', roleOption, [])
    .option(
      '--requests-per-minute <n>',
      'at most so many requests, over all gateways',
      wholeNumberOption('--requests-per-minute', { min: 1 }),
    )
    .option(
      '--tokens-per-minute <n>',
      'at most so many tokens, input and output together',
      wholeNumberOption('--tokens-per-minute', { min: 1 }),
    )
    .option('--concurrency <n>', 'at most so many requests at once', wholeNumberOption('--concurrency', { min: 1 }))
    .option('--json', 'answer as JSON')
    .action((options: KeyOptions, command: Command) => createKey(options, command))
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

function scopesOption(value: string): string[] {
  const named = value.split(',').map((scope) => scope.trim())
  const unknown = named.filter((scope) => !scopes.includes(scope))
  if (unknown.length > 0) throw usageError(`--scopes knows ${scopes.join(', ')}, not "${unknown.join(', ')}"`)
  return [...new Set(named)]
}

function roleOption(value: string, earlier: string[]): string[] {
  if (!/^[A-Za-z0-9_.-]{1,64}$/.test(value)) throw usageError('--role needs letters, digits, "_", "." and "-"')
  return [...earlier, value]
}

const ApiKey = z.looseObject({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.string()),
  roles: z.array(z.string()).default([]),
  createdAt: z.string().optional(),
  revokedAt: z.string().nullish(),
})
const NewApiKey = ApiKey.extend({ key: z.string() })

interface KeyOptions {
  name: string
  scopes: string[]
  role: string[]
  requestsPerMinute?: number
  tokensPerMinute?: number
  concurrency?: number
}

async function createKey(options: KeyOptions, command: Command): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    const { name, scopes: granted, role, requestsPerMinute, tokensPerMinute, concurrency } = options
    const limits = { requestsPerMinute, tokensPerMinute, concurrency }
    const body = { name, scopes: granted, roles: role, limits }
    const created = NewApiKey.parse(await mesh.client.post('/keys', { body }))
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
    const found = await listPages(mesh.client, { path: '/keys', item: ApiKey, cursorOf: ({ id }) => id })
    if (isJson) terminal.printJson(found)
    else for (const key of found) terminal.print(describeKey(key))
  })
}

function describeKey({ id, name, scopes: granted, roles, createdAt, revokedAt }: z.infer<typeof ApiKey>): string {
  const decides = roles.length === 0 ? '' : `  roles ${roles.join(',')}`
  const state = revokedAt == null ? '' : `  revoked ${revokedAt}`
  return `${id}  ${granted.join(',').padEnd(18)}  ${createdAt ?? ''}  ${name}${decides}${state}`
}

async function revokeKey(id: string, command: Command): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    await mesh.client.delete(`/keys/${encodeURIComponent(id)}`)
    if (isJson) terminal.printJson({ id, revoked: true })
    else terminal.print(`revoked ${id}`)
  })
}
