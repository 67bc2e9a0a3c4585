import { randomUUID } from 'node:crypto'
import { Citation, SessionId } from '@weft/contracts'
import type { Command } from 'commander'
import { z } from 'zod'
import { CliError, exitCodes } from '../../cli-error.ts'
import { type ClientContext, withMesh } from './connect-mesh.ts'
import { usageError } from './explain-failure.ts'
import { locateLines } from './locate-lines.ts'
import { describeDegraded, type LocatedCitation, renderSources } from './render-sources.ts'
import { requireStore, storeNameOption } from './resolve-store.ts'

export type AskOptions = { store?: string; session?: string; mode?: string; json?: boolean }

export function registerAsk(program: Command): void {
  program
    .command('ask')
    .description('ask a question; the answer streams, then its sources follow')
    .argument('<question>', 'in quotes')
    .option('--store <name>', 'look only in this vector store (name or id)', storeNameOption)
    .option('--session <id>', 'go on with a session, or name a new one', sessionOption)
    .option('--mode <name>', 'run this mode instead of letting the planner choose', modeOption)
    .option('--json', 'print answer and sources as JSON')
    .action((question: string, options: AskOptions, command: Command) => runAsk({ question, options, command }))
}

function sessionOption(value: string): string {
  const parsed = SessionId.safeParse(value)
  if (!parsed.success) throw usageError(`--session: ${parsed.error.issues[0]?.message ?? 'not a session id'}`)
  return parsed.data
}

function modeOption(value: string): string {
  if (!/^[A-Za-z0-9_.-]{1,64}$/.test(value)) throw usageError('--mode needs the name of a mode, such as "auto"')
  return value
}

async function runAsk({
  question,
  options,
  command,
}: {
  question: string
  options: AskOptions
  command: Command
}): Promise<void> {
  if (question.trim() === '') throw usageError('the question is empty')
  await withMesh(command, async (context) => {
    if ((await ask(question, options, context)) === 'failed') process.exitCode = exitCodes.failed
  })
}

/** Streams the answer and then its sources to standard output. Answers the status of the turn. */
export async function ask(question: string, options: AskOptions, context: ClientContext): Promise<string | undefined> {
  const answer = await streamAnswer(question, options, context)
  const citations = await withLines(answer.weft?.citations ?? [], context)
  if (context.isJson) context.terminal.printJson({ answer: answer.text, ...answer.weft, citations })
  else showEnd(answer, citations, context)
  return answer.weft?.status
}

const WeftAnswer = z.looseObject({
  sessionId: z.string().optional(),
  status: z.string().optional(),
  degraded: z.array(z.string()).default([]),
  citations: z.array(Citation).default([]),
})

const AnswerChunk = z.looseObject({
  choices: z.array(
    z.looseObject({
      delta: z.looseObject({ content: z.string().nullish(), reasoning_content: z.string().nullish() }).optional(),
    }),
  ),
  weft: WeftAnswer.optional(),
})

type Answer = { text: string; weft: z.infer<typeof WeftAnswer> | undefined }

async function streamAnswer(question: string, options: AskOptions, context: ClientContext): Promise<Answer> {
  const { mesh, terminal, isJson } = context
  const store = options.store === undefined ? undefined : await requireStore(mesh.client, options.store)
  const body = {
    model: `weft/${options.mode ?? 'auto'}`,
    messages: [{ role: 'user' as const, content: question }],
    stream: true as const,
    weft: { progress: terminal.isInteractive && !isJson, ...(store === undefined ? {} : { vectorStoreIds: [store.id] }) },
  }
  // The client tries again when a connection breaks. The key makes that the same turn instead of a second one.
  const headers = {
    'idempotency-key': randomUUID(),
    ...(options.session === undefined ? {} : { 'x-session-id': options.session }),
  }
  const answer: Answer = { text: '', weft: undefined }
  for await (const chunk of await mesh.client.chat.completions.create(body, { headers })) {
    const { choices, weft } = AnswerChunk.parse(chunk)
    const delta = choices[0]?.delta
    if (delta?.reasoning_content && terminal.isInteractive && !isJson) terminal.noteDimmed(delta.reasoning_content)
    if (delta?.content) {
      if (!isJson) terminal.write(answer.text === '' ? delta.content.trimStart() : delta.content)
      answer.text += delta.content
    }
    answer.weft = weft ?? answer.weft
  }
  if (answer.text === '' && answer.weft === undefined) throw new CliError('empty_answer', 'the answer ended before it began')
  return answer
}

async function withLines(citations: Citation[], { mesh }: ClientContext): Promise<LocatedCitation[]> {
  const lines = await locateLines(mesh.client, citations)
  return citations.map((citation, index) => {
    const line = lines[index]
    return line === undefined || citation.page !== undefined ? citation : { ...citation, line }
  })
}

function showEnd(answer: Answer, citations: LocatedCitation[], { terminal }: ClientContext): void {
  if (!answer.text.endsWith('\n')) terminal.write('\n')
  if (citations.length > 0) terminal.print('')
  for (const line of renderSources(citations)) terminal.print(line)
  for (const line of describeDegraded(answer.weft?.degraded ?? [])) terminal.noteDimmed(`(${line})\n`)
  if (answer.weft?.sessionId !== undefined) terminal.noteDimmed(`(go on with: --session ${answer.weft.sessionId})\n`)
}
