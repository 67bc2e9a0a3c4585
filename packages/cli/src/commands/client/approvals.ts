import { readFile } from 'node:fs/promises'
import { ApprovalView, errorMessage, parseJson } from '@weft/contracts'
import type { Command } from 'commander'
import { z } from 'zod'
import { CliError, exitCodes } from '../../cli-error.ts'
import { createApprovalsApi, type Decision } from './approvals-api.ts'
import { describeVerdict } from './chain-verdict.ts'
import { type ClientContext, withMesh } from './connect-mesh.ts'
import { wholeNumberOption } from './whole-number-option.ts'
import { usageError } from './explain-failure.ts'
import { readUntil } from './read-until.ts'
import { renderApproval, renderApprovalLine, renderHistory } from './render-approval.ts'

type ListOptions = { assignee?: string; session?: string; snoozed?: boolean; limit: number }
type WordOptions = { comment?: string; hash?: string }
type ModifyOptions = WordOptions & { params?: string; plan?: string }

/** What commander passes to a verb that takes another argument after the id. */
type OneMore = [id: string, more: string, options: unknown, command: Command]

const idHelp = 'approval id, or the id of a session with exactly one pending'

/** Every verb that acts on one approval takes its id first. */
export function registerApprovals(program: Command): void {
  const approvals = program
    .command('approvals')
    .description('what waits for a person, and what was decided (needs the scope approve)')
  registerReading(approvals)
  registerDeciding(approvals)
}

function registerReading(approvals: Command): void {
  approvals
    .command('list', { isDefault: true })
    .description('what is pending, oldest first')
    .option('--assignee <who>', 'a name, role:<role>, or "me" for what this key may decide')
    .option('--session <id>', 'only of this session and its child sessions')
    .option('--snoozed', 'those put off for now too')
    .option('--limit <number>', 'how many, 1 to 100', wholeNumberOption('--limit', { min: 1, max: 100 }), 20)
    .option('--json', 'answer as JSON')
    .action((options: ListOptions, command: Command) => list(options, command))
  oneOf(approvals, 'show', 'what is asked, with what, why, and by when').action(
    (id: string, _options: unknown, command: Command) => show(id, command),
  )
  approvals
    .command('history')
    .description('what was done to one approval, or to all, oldest first')
    .argument('[id]', idHelp)
    .option('--json', 'answer as JSON')
    .action((id: string | undefined, _options: unknown, command: Command) => history(id, command))
  approvals
    .command('verify')
    .description('check that nobody changed the history: every entry holds the hash of the one before')
    .option('--json', 'answer as JSON')
    .action((_options: unknown, command: Command) => verify(command))
}

function registerDeciding(approvals: Command): void {
  const bound = ['--hash <hash>', 'only if it still asks for this, as `show` printed it'] as const
  oneOf(approvals, 'approve', 'let it be done')
    .option('--comment <text>', 'kept with the decision')
    .option(...bound)
    .action((id: string, options: WordOptions, command: Command) =>
      decide(command, { id, action: 'approve', body: wordsOf(options) }),
    )
  oneOf(approvals, 'reject', 'do not let it be done')
    .requiredOption('--reason <text>', 'told to whoever asked')
    .option(...bound)
    .action((id: string, { reason, hash }: { reason: string; hash?: string }, command: Command) =>
      decide(command, { id, action: 'reject', body: { reason, ...hashOf(hash) } }),
    )
  oneOf(approvals, 'modify', 'let it be done otherwise')
    .option('--params <json>', 'other arguments: JSON, or @file')
    .option('--plan <json>', 'another remaining plan: JSON, or @file')
    .option('--comment <text>', 'kept with the decision')
    .option(...bound)
    .action(async (id: string, options: ModifyOptions, command: Command) =>
      decide(command, { id, action: 'modify', body: await changeOf(options) }),
    )
  oneOf(approvals, 'snooze', 'hide it from the list for a while')
    .argument('<until>', 'a time such as 2026-01-31T09:00:00Z, or a while such as 30m, 2h, 1d')
    .action((...[id, until, , command]: OneMore) =>
      decide(command, { id, action: 'snooze', body: { until: readUntil(until, Date.now()) } }),
    )
  oneOf(approvals, 'delegate', 'let somebody else decide in this key’s place')
    .argument('<to>', 'a name, or role:<role>')
    .action((...[id, to, , command]: OneMore) => decide(command, { id, action: 'delegate', body: { to } }))
  oneOf(approvals, 'comment', 'add to its history')
    .argument('<text>', 'in quotes')
    .action((...[id, text, , command]: OneMore) => decide(command, { id, action: 'comment', body: { text } }))
}

function oneOf(approvals: Command, verb: string, description: string): Command {
  return approvals.command(verb).description(description).argument('<id>', idHelp).option('--json', 'answer as JSON')
}

function wordsOf({ comment, hash }: WordOptions) {
  return { ...(comment === undefined ? {} : { comment }), ...hashOf(hash) }
}

function hashOf(hash: string | undefined) {
  return hash === undefined ? {} : { hash }
}

export async function changeOf({ params, plan, ...words }: ModifyOptions): Promise<object> {
  const [name, given] = params === undefined ? ['plan', plan] : ['params', params]
  if (given === undefined || (params !== undefined && plan !== undefined))
    throw usageError('modify needs either --params or --plan')
  const text = given.startsWith('@') ? await readGiven(given.slice(1)) : given
  try {
    return { [name]: parseJson(z.record(z.string(), z.unknown()), text, `--${name}`), ...wordsOf(words) }
  } catch (cause) {
    throw usageError(errorMessage(cause))
  }
}

async function readGiven(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new CliError('unreadable_file', `${file} cannot be read: ${errorMessage(cause)}`, {
      cause,
    })
  }
}

async function list({ assignee, session, snoozed, limit }: ListOptions, command: Command): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    const query = {
      limit,
      ...(assignee === undefined ? {} : { assignee }),
      ...(session === undefined ? {} : { sessionId: session }),
      ...(snoozed === true ? { snoozed: 'true' } : {}),
    }
    const pending = await createApprovalsApi(mesh).pending(query)
    if (isJson) terminal.printJson(pending)
    else if (pending.length === 0) terminal.note('nothing is pending')
    else for (const approval of pending) terminal.print(renderApprovalLine(approval))
  })
}

async function show(id: string, command: Command): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    const approval = await createApprovalsApi(mesh).find(id)
    if (isJson) terminal.printJson(approval)
    else for (const line of renderApproval(approval)) terminal.print(line)
  })
}

async function decide(command: Command, decision: Decision): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    const { isRepeat, ...approval } = await createApprovalsApi(mesh).decide(decision)
    if (isJson) terminal.printJson({ ...approval, isRepeat })
    else terminal.print(`${renderApprovalLine(ApprovalView.parse(approval))}${isRepeat ? '  (as decided before)' : ''}`)
  })
}

async function history(id: string | undefined, command: Command): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    const entries = await createApprovalsApi(mesh).history(id)
    if (isJson) terminal.printJson(entries)
    else for (const entry of entries) terminal.print(renderHistory(entry))
  })
}

async function verify(command: Command): Promise<void> {
  await withMesh(command, async (context) => {
    if (!(await verifyHistory(context))) process.exitCode = exitCodes.failed
  })
}

async function verifyHistory({ mesh, terminal, isJson }: ClientContext): Promise<boolean> {
  const verdict = await createApprovalsApi(mesh).verify()
  if (isJson) terminal.printJson(verdict)
  else terminal.print(describeVerdict('the history', verdict))
  return verdict.isValid
}
