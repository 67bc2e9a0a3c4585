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
  return textRules.find(([, pattern]) => pattern.test(text))?.[0] ?? (isSum(text) ? 'mathematics' : 'question')
}

const textRules: readonly (readonly [TaskClass, RegExp])[] = [
  [
    'coding',
    /```|\b(stack trace|regex|sql query|unit test|refactor|compile|debug|(python|javascript|typescript|java|rust|bash) (code|function|script|program))\b/i,
  ],
  ['choice', /^\s*\(?A[.):]\s.*\n\s*\(?B[.):]\s/m],
  ['mathematics', /\b(solve|integral|derivative|equation|probability of|prove that|calculate|compute)\b|\d\s*[-+*/^=]\s*\d/i],
  ['rewriting', /^\s*(please\s+)?(translate|summari[sz]e|rewrite|rephrase|shorten|proofread|correct)\b/i],
  ['writing', /^\s*(please\s+)?(write|draft|compose|create)\b/i],
]

/** Whether a text is a sum in words: it asks for an amount, and gives at least two numbers. */
function isSum(text: string): boolean {
  return (
    /\bhow (much|many|long|far|old)\b|\b(total|percent|average)\b/i.test(text) && (text.match(/\d[\d,.]*/g)?.length ?? 0) >= 2
  )
}
