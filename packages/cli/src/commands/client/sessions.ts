import { randomUUID } from 'node:crypto'
import { SessionView, TurnStatus } from '@weft/contracts'
import type { Command } from 'commander'
import { z } from 'zod'
import { withMesh } from './connect-mesh.ts'
import { wholeNumberOption } from './whole-number-option.ts'
import { usageError } from './explain-failure.ts'
import { exportSession, fetchSession, sessionPath } from './export-session.ts'
import { renderSession } from './render-session.ts'
import { shortened } from './render-sources.ts'

export function registerSessions(program: Command): void {
  const sessions = program.command('sessions').description('what was asked, how it went, what it cost')
  sessions
    .command('list', { isDefault: true })
    .description('newest first')
    .option('--status <status>', `one of ${TurnStatus.options.join(', ')}`, statusOption)
    .option('--user <user>', 'only of this user')
    .option('--limit <number>', 'how many, 1 to 100', wholeNumberOption('--limit', { min: 1, max: 100 }), 20)
    .option('--json', 'answer as JSON')
    .action((options: ListOptions, command: Command) => listSessions(options, command))
  sessions
    .command('show')
    .description('turns, steps, answers and sources of one session')
    .argument('<id>', 'session id')
    .option('--watch', 'draw its steps as they go, until nothing is open any more')
    .option('--json', 'answer as JSON')
    .action((id: string, options: { watch?: boolean }, command: Command) => showSession(id, options, command))
  sessions
    .command('export')
    .description('one session as a document on standard output')
    .argument('<id>', 'session id')
    .option('--format <format>', formats.join(', '), formatOption, 'md')
    .option('--json', 'the same as --format json')
    .action((id: string, options: { format: string }, command: Command) => printExport(id, options, command))
  registerSteering(sessions)
}

function registerSteering(sessions: Command): void {
  const verbs = [
    ['cancel', 'cancel what runs'],
    ['pause', 'begin nothing new; what runs runs on'],
    ['resume', 'go on'],
  ] as const
  for (const [verb, description] of verbs) {
    sessions
      .command(verb)
      .description(description)
      .argument('<id>', 'session id')
      .option('--json', 'answer as JSON')
      .action((id: string, _options: unknown, command: Command) => steerSession(id, verb, command))
  }
  sessions
    .command('fork')
    .description('a new session from a turn of this one, with its finished outputs')
    .argument('<id>', 'session id')
    .option('--from-step <step>', 'run this step and all that depend on it again')
    .option('--turn <number>', 'which turn; the newest unless given', wholeNumberOption('--turn', { min: 1 }))
    .option('--json', 'answer as JSON')
    .action((id: string, options: ForkOptions, command: Command) => forkSession(id, options, command))
  sessions
    .command('delete')
    .description('end what runs and forget all of it')
    .argument('<id>', 'session id')
    .option('--json', 'answer as JSON')
    .action((id: string, _options: unknown, command: Command) => deleteSession(id, command))
}

type ForkOptions = { fromStep?: string; turn?: number }
type ListOptions = { status?: string; user?: string; limit: number }

const formats = ['json', 'md', 'pdf']

function formatOption(value: string): string {
  if (!formats.includes(value)) throw usageError(`--format is one of ${formats.join(', ')}, not "${value}"`)
  return value
}

function statusOption(value: string): string {
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

async function showSession(id: string, { watch }: { watch?: boolean }, command: Command): Promise<void> {
  await withMesh(command, async (context) => {
    const { mesh, terminal, isJson } = context
    if (watch === true && !isJson) {
      const { watchSession } = await import('./watch-session.ts')
      await watchSession(id, context)
      return
    }
    const session = await fetchSession(mesh.client, id)
    if (isJson) terminal.printJson(session)
    else for (const line of renderSession(session)) terminal.print(line)
  })
}

async function printExport(id: string, { format }: { format: string }, command: Command): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    if (format !== 'json' && !isJson) {
      if (format === 'pdf' && process.stdout.isTTY) throw usageError('a PDF is not for the terminal: add > file.pdf')
      const response = await mesh.client.get(`${sessionPath(id)}/export`, { query: { format } }).asResponse()
      process.stdout.write(Buffer.from(await response.arrayBuffer()))
      return
    }
    terminal.printJson(await exportSession(mesh.client, id))
  })
}

async function steerSession(id: string, verb: 'cancel' | 'pause' | 'resume', command: Command): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    const session = SessionView.parse(await mesh.client.post(`${sessionPath(id)}/${verb}`))
    if (isJson) terminal.printJson(session)
    else terminal.print(`session ${session.id}: ${session.status}${session.isPaused === true ? ', paused' : ''}`)
  })
}

const Forked = SessionView.extend({ savedUsd: z.number() })

async function forkSession(id: string, options: ForkOptions, command: Command): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    // The client tries again when a connection breaks. The key makes that the same fork.
    const headers = { 'idempotency-key': randomUUID() }
    const forked = Forked.parse(await mesh.client.post(`${sessionPath(id)}/fork`, { body: { ...options }, headers }))
    if (isJson) terminal.printJson(forked)
    else {
      const reused = forked.turns[0]?.forkedFrom?.stepsReused ?? 0
      terminal.print(forked.id)
      terminal.note(`forked from ${id}: ${reused} steps taken over, $${forked.savedUsd.toFixed(6)} saved`)
    }
  })
}

async function deleteSession(id: string, command: Command): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    const deleted: unknown = await mesh.client.delete(sessionPath(id))
    if (isJson) terminal.printJson(deleted)
    else terminal.print(`deleted ${id}`)
  })
}
