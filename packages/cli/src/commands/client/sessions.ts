import { SessionView, TurnStatus } from '@weft/contracts'
import type { Command } from 'commander'
import { z } from 'zod'
import { withMesh } from './connect-mesh.ts'
import { usageError } from './explain-failure.ts'
import { renderSession } from './render-session.ts'

export function registerSessions(program: Command): void {
  const sessions = program.command('sessions').description('what was asked, how it went, what it cost')
  sessions
    .command('list')
    .description('newest first')
    .option('--status <status>', `one of ${TurnStatus.options.join(', ')}`, statusOption)
    .option('--user <user>', 'only of this user')
    .option('--json', 'answer as JSON')
    .action((options: { status?: string; user?: string }, command: Command) => listSessions(options, command))
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
    .action((id: string, _options: unknown, command: Command) => exportSession(id, command))
}

const formats = ['json', 'md']

export function formatOption(value: string): string {
  if (!formats.includes(value)) throw usageError(`--format is ${formats.join(' or ')}, not "${value}"`)
  return value
}

export function statusOption(value: string): string {
  const parsed = TurnStatus.safeParse(value)
  if (!parsed.success) throw usageError(`--status knows ${TurnStatus.options.join(', ')}, not "${value}"`)
  return parsed.data
}

const SessionList = z.looseObject({
  data: z.array(z.looseObject({ id: z.string(), status: z.string(), createdAt: z.string(), user: z.string().nullish() })),
})

async function listSessions({ status, user }: { status?: string; user?: string }, command: Command): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    const query = { ...(status === undefined ? {} : { status }), ...(user === undefined ? {} : { user }) }
    const { data } = SessionList.parse(await mesh.client.get('/sessions', { query }))
    if (isJson) terminal.printJson(data)
    else if (data.length === 0) terminal.note('no sessions')
    else for (const session of data) terminal.print(`${session.createdAt}  ${session.status.padEnd(17)}  ${session.id}`)
  })
}

async function showSession(id: string, command: Command): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    const session = SessionView.parse(await mesh.client.get(sessionPath(id)))
    if (isJson) terminal.printJson(session)
    else for (const line of renderSession(session)) terminal.print(line)
  })
}

async function exportSession(id: string, command: Command): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    const query = { format: isJson ? 'json' : command.opts().format }
    const answer = await mesh.client.get(`${sessionPath(id)}/export`, { query }).asResponse()
    terminal.write(await answer.text())
    terminal.write('\n')
  })
}

function sessionPath(id: string): string {
  return `/sessions/${encodeURIComponent(id)}`
}
