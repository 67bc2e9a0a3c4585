/** A request for an overview. `topic` are the words that tell of what; undefined means of all documents. */
export interface OverviewRequest {
  topic: string | undefined
}

/**
 * Recognises a question that asks what documents say as a whole ("Summarise the handbook", "What is in these documents?"), by rules made for English; undefined for
 * any other question. When the text to summarise is in the question itself, it is not taken for a topic: it is too long, or has several lines.
 */
export function overviewRequest(question: string): OverviewRequest | undefined {
  const written = question.trim()
  if (written.length > questionCharsMax) return undefined
  const asked = written.replace(politeness, '').replace(/[\s.?!]+$/, '')
  if (asked.length > topicCharsMax || asked.includes('\n')) return undefined
  for (const pattern of requests) {
    const match = pattern.exec(asked)
    if (match !== null) return { topic: topicOf(match.groups?.topic ?? '') }
  }
  return undefined
}

/** Bounds the question with its polite words and final marks, because finding those takes the square of its length. */
const questionCharsMax = 400
const topicCharsMax = 200

const politeness =
  /^(?:(?:please|can you|could you|would you|will you|i(?: would|['’]d) like(?: you)?(?: to)?|i (?:need|want))[\s,]+)+/i
const sort = String.raw`(?:(?:short|brief|quick|concise|rough|general|high-level|detailed|executive|complete)\s+)*`
const kind = String.raw`(?:summary|overview|outline|synopsis|tl;?dr)`
const whole = String.raw`(?:documents?|docs|files?|pdfs?|texts?|papers?|articles?|stores?|vector stores?|knowledge base|knowledge|collections?|folders?|uploads?)`
const these = String.raw`(?:(?:the|this|these|those|that|my|our|your|all|all of|uploaded|attached|given|ingested|searched|indexed|available)\s+)*`

const requests = [
  /^(?:briefly\s+|quickly\s+)?(?:summari[sz]e|sum\s+up|outline)(?:\s+(?<topic>.+))?$/i,
  new RegExp(
    `^(?:(?:give|write|show|make|create|provide)(?:\\s+(?:me|us))?\\s+)?(?:an?\\s+|the\\s+)?${sort}${kind}(?:\\s*(?::|of|on|about|for|over)\\s+(?<topic>.+))?$`,
    'i',
  ),
  new RegExp(String.raw`^what(?:['’]s|\s+is|\s+are)\s+(?:in|inside)\s+${these}${whole}$`, 'i'),
  new RegExp(String.raw`^what(?:['’]s|\s+is|\s+are)\s+${these}${whole}\s+about$`, 'i'),
  new RegExp(String.raw`^what\s+(?:do|does)\s+${these}${whole}\s+(?:say|contain|cover|hold|talk\s+about|deal\s+with)$`, 'i'),
  new RegExp(
    String.raw`^(?:what|which)\s+${whole}\s+(?:do\s+you\s+have|are\s+there|have\s+you\s+got|can\s+you\s+(?:see|read|search))$`,
    'i',
  ),
  /^what(?:['’]s|\s+are|\s+is)?\s+(?:the\s+)?(?:main|key|most\s+important|central)\s+(?:points?|ideas?|topics?|messages?|takeaways?|themes?)(?:\s+(?:of|in|from)\s+(?<topic>.+))?$/i,
]

/** Words on how long the overview shall be, and words that stand for documents without naming one. */
const asides =
  /\s*\b(?:in|within|with)\s+(?:a\s+few|\w+|\d+)\s+(?:short\s+)?(?:sentences?|words?|lines?|paragraphs?|points|bullet\s+points|bullets)$|\s+(?:briefly|for\s+me|to\s+me)$/i
const nameless = new RegExp(String.raw`^(?:${these}${whole}|it|them|this|everything|all)$`, 'i')
const around = /^(?:the|this|an?|my|our)\s+|\s+(?:document|file|man\s+page|page|paper|article|manual|text)$/gi

function topicOf(words: string): string | undefined {
  const topic = words.replace(asides, '').trim()
  if (topic === '' || nameless.test(topic)) return undefined
  return topic.replace(around, '').trim() || undefined
}
