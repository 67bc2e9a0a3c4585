import { type ApprovalView, Citation } from '@weft/contracts'
import type { DocumentBlock } from './document-block.ts'
import { type OutcomeSource, turnOutcome } from './turn-outcome.ts'

interface SaidMessage {
  turn: number
  role: string
  at: string
  content: unknown
  citations?: unknown
}

export interface DocumentSource {
  id: string
  title: string
  messages: SaidMessage[]
  turns: OutcomeSource[]
  /** Whether later messages were left out. */
  isCut: boolean
}

/** A session for people to read: questions, what was decided on the way, answers, the quotes they rest on, and what was lost. */
export function sessionDocument({ id, title, messages, turns, isCut }: DocumentSource): DocumentBlock[] {
  const heading = title === '' ? `Session ${id}` : oneLine(title)
  const said = messages.flatMap((message, index) => {
    const isQuestion = message.role === 'user'
    const turn = turns.find((candidate) => candidate.turn === message.turn)
    const isLast = turn !== undefined && messages[index + 1]?.turn !== message.turn
    return [
      block('heading', `${isQuestion ? 'Question' : 'Answer'} ${message.turn}`),
      block('note', message.at),
      block('text', textOf(message.content)),
      ...quotes(message.citations),
      ...(isQuestion ? decisionsOf(turn?.approvals ?? []) : []),
      ...(isLast ? turnOutcome(turn) : []),
    ]
  })
  const told = new Set(turns.map(({ turn }) => turn))
  const isUntold = messages.some(({ turn }) => !told.has(turn))
  const untold = `Of some turns only what was said is shown: what was decided and lost in them is at /v1/sessions/${id}/events`
  const cut = isCut ? [block('note', `The document ends here: the session goes on at /v1/sessions/${id}/messages`)] : []
  return [block('title', heading), block('note', `Session ${id}`), ...said, ...(isUntold ? [block('note', untold)] : []), ...cut]
}

function block(kind: DocumentBlock['kind'], text: string): DocumentBlock {
  return { kind, text }
}

function quotes(citations: unknown): DocumentBlock[] {
  const parsed = Citation.array().safeParse(citations)
  if (!parsed.success) return []
  return parsed.data.map(({ index, filename, quote, page, sourceChanged }) => {
    const place = page === undefined ? filename : `${filename}, page ${page}`
    const since = sourceChanged === true ? ' (source changed since)' : ''
    return block('quote', `${oneLine(quote)}\n[${index}] ${oneLine(place)}${since}`)
  })
}

function decisionsOf(approvals: ApprovalView[]): DocumentBlock[] {
  return approvals.flatMap(({ stepId, agent, action, decision }) => {
    if (decision === undefined) return []
    const { status, by, at, comment } = decision
    const why = comment === undefined ? '' : `: ${oneLine(comment)}`
    return [block('item', `${stepId}: that ${agent} does "${oneLine(action)}" was ${status} by ${by} at ${at}${why}`)]
  })
}

/** A message is text, or parts of which only the text is for reading. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content
    .flatMap((part) => (typeof part === 'object' && part !== null && 'text' in part ? [String(part.text)] : []))
    .join('\n')
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
