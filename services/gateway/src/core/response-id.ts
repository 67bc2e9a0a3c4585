import { SessionId, WeftError } from '@weft/contracts'

export interface TurnPlace {
  sessionId: string
  turn: number
}

/** A workflow's response is a turn of a session, and its id tells which: nothing else has to be kept. Session ids contain no dot. */
export function turnResponseId({ sessionId, turn }: TurnPlace): string {
  return `resp_${sessionId}.${turn}`
}

/** The turn a response is; undefined when it is a model's. */
export function turnOfResponse(id: string): TurnPlace | undefined {
  const [, sessionId, turn] = /^resp_(.+)\.([1-9]\d{0,8})$/.exec(id) ?? []
  const parsed = SessionId.safeParse(sessionId)
  return parsed.success ? { sessionId: parsed.data, turn: Number(turn) } : undefined
}

export function noSuchResponse(id: string): WeftError {
  return new WeftError('not_found', `there is no stored response '${id.slice(0, 256)}'`, { param: 'response_id' })
}

const itemTypes = { rs: 'reasoning', msg: 'message', fc: 'function_call', fs: 'file_search_call' } as const

export interface ItemPlace {
  responseId: string
  type: (typeof itemTypes)[keyof typeof itemTypes]
}

/** The response an output item is of, and what it is there; undefined when the id is of none. */
export function placeOfItem(id: string): ItemPlace | undefined {
  const [, prefix = '', rest] = /^([a-z]+)_(.{1,256})_\d{1,6}$/.exec(id) ?? []
  return isPrefix(prefix) ? { responseId: `resp_${rest}`, type: itemTypes[prefix] } : undefined
}

function isPrefix(name: string): name is keyof typeof itemTypes {
  return Object.hasOwn(itemTypes, name)
}
