/** Kinds of requests at which models differ. What is learned of a model is learned for each kind. */
export const taskClasses = [
  'tools',
  'structured',
  'grounded',
  'coding',
  'choice',
  'mathematics',
  'rewriting',
  'writing',
  'question',
] as const
export type TaskClass = (typeof taskClasses)[number]

export interface TaskFacts {
  /** The last message of the user. */
  prompt: string
  hasTools?: boolean | undefined
  wantsJson?: boolean | undefined
  /** Whether it is answered from passages that come with it. */
  isGrounded?: boolean | undefined
}

/** How much of a prompt is looked at. */
const charsRead = 8_000

/** The kind of task that a request is: that of the first rule that fits. */
export function classifyTask({ prompt, hasTools, wantsJson, isGrounded }: TaskFacts): TaskClass {
  if (hasTools === true) return 'tools'
  if (wantsJson === true) return 'structured'
  if (isGrounded === true) return 'grounded'
  const text = prompt.slice(0, charsRead)
  return (
    textRules.find(([, pattern]) => pattern.test(text))?.[0] ?? (isSum(text) || isExpression(text) ? 'mathematics' : 'question')
  )
}

const textRules: readonly (readonly [TaskClass, RegExp])[] = [
  [
    'coding',
    /```|\b(stack trace|regex|sql query|unit test|refactor|compile|debug|(python|javascript|typescript|java|rust|bash) (code|function|script|program))\b/i,
  ],
  ['choice', /^\s*\(?A[.):]\s.*\n\s*\(?B[.):]\s/m],
  [
    'mathematics',
    /\b(solve|integral|derivative|equation|probability of|prove that|calculate|compute)\b|\d\s*[+*^=×÷]\s*\d|\d\s+[-−/]\s+\d/i,
  ],
  ['rewriting', /^\s*(please\s+)?(translate|summari[sz]e|rewrite|rephrase|shorten|proofread|correct)\b/i],
  ['writing', /^\s*(please\s+)?(write|draft|compose|create)\b/i],
]

/** Whether a text is nothing but numbers to be put together. */
function isExpression(text: string): boolean {
  return /^(?:what(?:'s|’s| is)\s)?[\d\s.,()+*/^×÷−=?-]+$/i.test(text.trim()) && /\d\s{0,5}[-+*/^×÷−]\s{0,5}[\d(]/.test(text)
}

/** Whether a text is a sum in words: it gives at least two quantities, in digits or in words, and what it asks for is an amount. */
function isSum(text: string): boolean {
  return (text.match(quantity)?.length ?? 0) >= 2 && asksForAmount.test(askedIn(text))
}

/** The sentences of a text that ask for something. */
function askedIn(text: string): string {
  const sentences = text.split(/(?<=[?!\n]|\.(?=\s))/).map((sentence) => sentence.trim())
  return sentences
    .filter((sentence) => sentence.endsWith('?') || /^(?:find|determine|give|tell|work out)\b/i.test(sentence))
    .join(' ')
}

/** "How" with anything but a verb or a pronoun behind it asks how much of something there is, as does the name of an amount. */
const asksForAmount =
  /\bhow (?!(?:do|does|did|to|is|are|was|were|am|can|could|will|would|shall|should|may|might|must|has|have|had|come|about|that|this|it|the|and|or|well|an?|my|your|i|you|he|she|we|they)\b)[a-z]+\b|\b(?:total|percent|percentage|average|mean|combined|altogether|difference|remaining|cost|price|profit|salary|income|wages|amount|number|weight|age|speed|distance|length|depth|height|width|area|perimeter|volume|value|fraction|ratio|rate|maximum|minimum|sum|budget|balance|score|temperature|degrees)\b/i

/** No digits of a name ("C2H4"), and no ordinals. */
const quantity =
  /(?<![\p{L}\p{N}_])\d[\d,.]*(?![\d]*(?:st|nd|rd|th)\b)|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|hundreds?|thousand|million|dozen|half|twice|thrice|doubled?|tripled?|one[- ]third|thirds|quarters?)\b/giu
