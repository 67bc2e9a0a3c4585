import { attachmentsOf, type ChatMessage, lastQuestion, type Mode } from '@weft/contracts'

export type RequestClass =
  | { mode: Exclude<Mode, 'auto' | 'compare'>; question: string }
  | { mode: 'compare'; question: string; subjects: string[] }
  | { mode: 'unclear'; question: string; ask: string }

/** Subjects of one comparison at most; each becomes a retrieval. */
const subjectsMax = 6

/** Which kind of workflow a conversation asks for, by rules alone. */
export function classifyRequest(messages: ChatMessage[], mode: Mode, hasKnowledge: boolean): RequestClass {
  const question = lastQuestion(messages).trim()
  if (question === '' && attachmentsOf(messages).length > 0) return { mode: 'direct', question }
  if (question === '') return { mode: 'unclear', question, ask: 'The message is empty. What would you like to know?' }
  if (mode === 'direct' || mode === 'search') return { mode, question }
  const subjects = comparedSubjects(question)
  if (mode === 'compare') {
    if (subjects.length >= 2) return { mode, question, subjects }
    return {
      mode: 'unclear',
      question,
      ask: 'Which subjects should be compared? Name at least two, for example "compare A with B".',
    }
  }
  if (!hasKnowledge || isSmallTalk(question)) return { mode: 'direct', question }
  return subjects.length >= 2 ? { mode: 'compare', question, subjects } : { mode: 'search', question }
}

const smallTalk =
  /^(?:(?:ok(?:ay)?|great|perfect|nice|cool|alright|fine)(?:[\s!.,]+|$))*(?:(?:hi|hello|hey|hallo|hola|bonjour|good (?:morning|afternoon|evening)|guten (?:morgen|tag|abend)|thanks?(?: you)?(?: (?:very|so) much| a lot)?|thx|danke(?: schön)?|merci|gracias|bye|goodbye|how are you)[\s!.,?]*)?$/i

function isSmallTalk(question: string): boolean {
  return question.length <= 40 && smallTalk.test(question)
}

const comparisons = [
  /\bcompar(?:e|ing|ison of)\s+(?<list>.+)/i,
  /\bdifferences?\s+between\s+(?<list>.+)/i,
  /\bhow\s+(?:do|does)\s+(?<left>.+?)\s+(?:differ from|compare (?:to|with))\s+(?<right>.+)/i,
  /^(?:is|are|was|were|which is [\w\s]+,)?\s*(?<left>[^,.;?]{2,80}?)\s+(?:vs\.?|versus)\s+(?<right>.+)/i,
]

function comparedSubjects(question: string): string[] {
  const text = singleSpaced(question.slice(0, 2_000))
  for (const pattern of comparisons) {
    const groups = pattern.exec(text)?.groups
    if (groups === undefined) continue
    const parts = groups.list === undefined ? [groups.left ?? '', groups.right ?? ''] : splitList(groups.list)
    const subjects = [...new Set(parts.map(trimSubject).filter((subject) => subject !== ''))]
    if (subjects.length >= 2) return subjects.slice(0, subjectsMax)
  }
  return []
}

/** The patterns above take cubic time over long runs of white space, so there are none; lines stay apart. */
function singleSpaced(text: string): string {
  return text.replace(/\s+/g, (run) => (run.includes('\n') ? '\n' : ' '))
}

function splitList(list: string): string[] {
  return firstSentence(list).split(/\s*(?:,\s*(?:and|or)\s+|,|;|\band\b|\bwith\b|\bto\b|\bversus\b|\bvs\.?)\s*/i)
}

function trimSubject(subject: string): string {
  const words = firstSentence(subject).replace(/^(?:the|a|an)\s+/i, '')
  return words
    .replace(/[\s"'.!?:]+$/u, '')
    .replace(/^["'\s]+/u, '')
    .slice(0, 200)
}

function firstSentence(text: string): string {
  return text.split(/[?!\n]|\.\s/)[0] ?? ''
}
