import { Citation } from '@weft/contracts'

interface SaidMessage {
  turn: number
  role: string
  at: string
  content: unknown
  citations?: unknown
}

/** A session as a document for people: questions, answers and the quotes they rest on. */
export function sessionMarkdown(session: { id: string; title: string; messages: SaidMessage[] }): string {
  const heading = session.title === '' ? `Session ${session.id}` : oneLine(session.title)
  const parts = session.messages.map((message) => {
    const who = message.role === 'user' ? 'Question' : 'Answer'
    return [`## ${who} ${message.turn}`, `_${message.at}_`, textOf(message.content), ...quotes(message.citations)].join('\n\n')
  })
  return `${[`# ${heading}`, `Session \`${session.id}\``, ...parts].join('\n\n')}\n`
}

function quotes(citations: unknown): string[] {
  const parsed = Citation.array().safeParse(citations)
  if (!parsed.success) return []
  return parsed.data.map(({ index, filename, quote, page }) => {
    const place = page === undefined ? filename : `${filename}, page ${page}`
    return `> ${oneLine(quote)}\n>\n> [${index}] ${oneLine(place)}`
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
