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
