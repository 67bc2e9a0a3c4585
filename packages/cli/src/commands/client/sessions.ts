import { TurnStatus } from '@weft/contracts'
import type { Command } from 'commander'
import { z } from 'zod'
import { withMesh } from './connect-mesh.ts'
import { usageError } from './explain-failure.ts'
import { exportSession, fetchSession, renderMarkdown } from './export-session.ts'
import { renderSession } from './render-session.ts'
import { shortened } from './render-sources.ts'

export function registerSessions(program: Command): void {
  const sessions = program.command('sessions').description('what was asked, how it went, what it cost')
  sessions
    .command('list')
    .description('newest first')
    .option('--status <status>', `one of ${TurnStatus.options.join(', ')}`, statusOption)
    .option('--user <user>', 'only of this user')
    .option('--limit <number>', 'how many, 1 to 100', countOption, 20)
    .option('--json', 'answer as JSON')
    .action((options: ListOptions, command: Command) => listSessions(options, command))
  sessions
    .command('show')
    .description('turns, steps, answers and sources of one session')
    .argument('<id>', 'session id')
    .option('--json', 'answer as JSON')
    .action((id: string, _options: unknown, command: Command) => showSession(id, command))
  sessions
    .command('export')
    .description('one session as a document on standard output')
    .argument('<id>', 'session id')
    .option('--format <format>', formats.join(' or '), formatOption, 'md')
    .option('--json', 'the same as --format json')
    .action((id: string, _options: unknown, command: Command) => printExport(id, command))
}

type ListOptions = { status?: string; user?: string; limit: number }

const formats = ['json', 'md']

export function formatOption(value: string): string {
  if (!formats.includes(value)) throw usageError(`--format is ${formats.join(' or ')}, not "${value}"`)
  return value
}

export function countOption(value: string): number {
  const count = Number(value)
  if (Number.isInteger(count) && count >= 1 && count <= 100) return count
  throw usageError('--limit needs a whole number from 1 to 100')
}

export function statusOption(value: string): string {
  const parsed = TurnStatus.safeParse(value)
  if (!parsed.success) throw usageError(`--status knows ${TurnStatus.options.join(', ')}, not "${value}"`)
  return parsed.data
}

const SessionSummary = z.looseObject({ id: z.string(), status: z.string(), createdAt: z.string(), title: z.string().optional() })
const SessionList = z.looseObject({ data: z.array(SessionSummary) })

async function listSessions(options: ListOptions, command: Command): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    const { status, user, limit } = options
    const query = { limit, ...(status === undefined ? {} : { status }), ...(user === undefined ? {} : { user }) }
    const { data } = SessionList.parse(await mesh.client.get('/sessions', { query }))
    if (isJson) terminal.printJson(data)
    else if (data.length === 0) terminal.note('no sessions')
    else for (const session of data) terminal.print(describeSession(session))
  })
}

function describeSession({ id, status, createdAt, title = '' }: z.infer<typeof SessionSummary>): string {
  return `${createdAt}  ${status.padEnd(17)}  ${id}  ${shortened(title, 80)}`
}

async function showSession(id: string, command: Command): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    const session = await fetchSession(mesh.client, id)
    if (isJson) terminal.printJson(session)
    else for (const line of renderSession(session)) terminal.print(line)
  })
}

async function printExport(id: string, command: Command): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    const exported = await exportSession(mesh.client, id)
    if (isJson || command.opts().format === 'json') terminal.printJson(exported)
    else terminal.write(renderMarkdown(exported))
  })
}
