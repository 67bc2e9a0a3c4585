import { isRecord } from '@weft/contracts'

/**
 * Adds to the chunks of a stream what OpenAI's clients insist on and compatible servers leave out: the role in the first delta of each choice, and an index of its
 * own for each tool call, when there is none (Gemini) or all have the first (Ollama). Changes the chunk, and answers whether it did.
 */
export function createChunkMender(): (chunk: Record<string, unknown>) => boolean {
  const choicesSeen = new Map<unknown, ChoiceSeen>()

  function mend(choice: Record<string, unknown>): boolean {
    const seen = choicesSeen.get(choice.index) ?? { calls: new Map(), atIndex: new Map(), last: -1 }
    const isFirst = !choicesSeen.has(choice.index)
    choicesSeen.set(choice.index, seen)
    const delta = isRecord(choice.delta) ? choice.delta : {}
    const lacksRole = isFirst && !delta.role
    if (lacksRole) choice.delta = { ...delta, role: 'assistant' }
    const calls = Array.isArray(delta.tool_calls) ? delta.tool_calls.filter(isRecord) : []
    return calls.map((call) => numberCall(seen, call)).includes(true) || lacksRole
  }

  return ({ choices }) => Array.isArray(choices) && choices.filter(isRecord).map(mend).includes(true)
}

interface ChoiceSeen {
  /** The index that clients get, by the call's id and the server's index together: some servers give several numbered calls the same id. */
  calls: Map<string, number>
  /** The index that clients get for the newest call of each index that the server gave. */
  atIndex: Map<unknown, number>
  last: number
}

function numberCall(seen: ChoiceSeen, call: Record<string, unknown>): boolean {
  const { id, index: given } = call
  const goesOn = seen.atIndex.get(given) ?? (typeof given === 'number' ? given : Math.max(seen.last, 0))
  const index = typeof id === 'string' && id !== '' ? indexOfId(seen, id, given) : goesOn
  seen.atIndex.set(given, index)
  seen.last = Math.max(seen.last, index)
  call.index = index
  return index !== given
}

/** The index for a call with an id: the server's, unless another call has it already. */
function indexOfId({ calls, last }: ChoiceSeen, id: string, given: unknown): number {
  const isFree = typeof given === 'number' && ![...calls.values()].includes(given)
  const call = `${given} ${id}`
  const index = calls.get(call) ?? (isFree ? given : last + 1)
  calls.set(call, index)
  return index
}
