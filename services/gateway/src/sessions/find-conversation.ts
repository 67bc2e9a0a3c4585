import { hasCode, WeftError } from '@weft/contracts'
import { type ItemPlace, placeOfItem, type ResponseItem, type ResponsesRequest } from '@weft/models'
import { isForgotten } from '../answers/find-response-turn.ts'
import type { ResponseStore } from '../answers/response-store.ts'
import { type TurnPlace, turnOfResponse } from '../core/response-id.ts'
import { isWorkflowModel } from '../core/workflow-request.ts'
import type { SessionRef, Sessions } from './dapr-sessions.ts'

export interface ConversationDeps {
  responses: Pick<ResponseStore, 'find' | 'isForgotten'>
  sessions: Pick<Sessions, 'view'>
}

/** What a request goes on with: a turn of a session, or the items of stored responses. */
export interface Conversation {
  /** The request, each reference in its input replaced by the item it means. */
  wish: ResponsesRequest
  turn: TurnPlace | undefined
  history: ResponseItem[]
}

/** A conversation of more stored responses than this is refused: the client has to send it whole. */
const responsesMax = 100

/** Finds what `previous_response_id` and references to items mean. Throws `invalid_request` naming what is not there. */
export async function findConversation(
  deps: ConversationDeps,
  { tenant, wish }: { tenant: string; wish: ResponsesRequest },
): Promise<Conversation> {
  const resolved = await resolveReferences(deps, tenant, wish)
  const id = wish.previous_response_id
  if (id == null) return { wish: resolved, turn: undefined, history: [] }
  const turn = turnOfResponse(id)
  if (turn === undefined) return { wish: resolved, turn: undefined, history: await historyOf(deps, tenant, wish, id) }
  if (!isWorkflowModel(wish.model)) throw notFound(`response '${id}' is a workflow's, which only weft/… models go on with`)
  const asked = { tenant, ...turn, param: 'previous_response_id' }
  if (!(await keptTurn(deps, asked)).isKept)
    throw notFound(`there is no stored response '${id}': X-Session-ID goes on with its session`)
  return { wish: resolved, turn, history: [] }
}

async function historyOf(
  { responses }: ConversationDeps,
  ...[tenant, wish, newest]: [tenant: string, wish: ResponsesRequest, newest: string]
): Promise<ResponseItem[]> {
  const parts: ResponseItem[][] = []
  for (let id: string | undefined = newest; id !== undefined; ) {
    const stored = await responses.find(tenant, id)
    if (stored === undefined) throw notFound(goneMessage(id, newest))
    if (isWorkflowModel(wish.model)) throw notFound(`response '${id}' is a model's, which weft/… models cannot go on with`)
    if (parts.length >= responsesMax) throw notFound(`the conversation has more than ${responsesMax} responses: send it whole`)
    parts.unshift([...stored.input, ...stored.response.output])
    id = stored.previousId
  }
  return parts.flat()
}

function goneMessage(id: string, newest: string): string {
  if (id === newest) return `there is no stored response '${id}'`
  return `the conversation of '${newest}' goes back to '${id}', which is not stored any more: send it whole`
}

/** A turn whose response is neither deleted nor was wished not to be stored; a session may have given the turn up. */
async function keptTurn(deps: ConversationDeps, { turn, param, ...session }: SessionRef & { turn: number; param: string }) {
  const forgotten = isForgotten(deps, session.tenant, { sessionId: session.sessionId, turn })
  const view = await viewOf(deps.sessions, session, param)
  const found = view.turns.find((candidate) => candidate.turn === turn)
  return { found, isKept: found?.isStored !== false && !(await forgotten) }
}

async function viewOf(sessions: ConversationDeps['sessions'], session: SessionRef, param: string) {
  try {
    return await sessions.view(session, AbortSignal.timeout(viewTimeoutMs))
  } catch (thrown) {
    const isGone = hasCode(thrown, 'not_found', 'gone')
    if (isGone) throw notFound(`there is no session ${session.sessionId}`, param)
    throw thrown
  }
}

const viewTimeoutMs = 10_000

function notFound(message: string, param = 'previous_response_id'): WeftError {
  return new WeftError('invalid_request', message, { param })
}

async function resolveReferences(deps: ConversationDeps, tenant: string, wish: ResponsesRequest): Promise<ResponsesRequest> {
  const { input } = wish
  if (typeof input === 'string' || !input.some(isReference)) return wish
  const find = createItemFinder(deps, tenant)
  const items: ResponseItem[] = []
  for (const [index, item] of input.entries()) items.push(isReference(item) ? await find(item, `input.${index}.id`) : item)
  return { ...wish, input: items }
}

/** OpenAI's clients may leave out the type. */
function isReference({ type, role, id }: ResponseItem): boolean {
  return type === 'item_reference' || (type === undefined && role === undefined && typeof id === 'string')
}

/** Finds items by their ids. Each response is looked up once, however many of its items are referred to. */
function createItemFinder(deps: ConversationDeps, tenant: string) {
  const found = new Map<string, Promise<ResponseItem[]>>()
  return async ({ id }: ResponseItem, param: string): Promise<ResponseItem> => {
    const place = placeOfItem(typeof id === 'string' ? id : '')
    if (place === undefined) throw noItem(param)
    const turn = turnOfResponse(place.responseId)
    if (turn !== undefined) return findInTurn(deps, { tenant, ...turn, type: place.type, param })
    const output = found.get(place.responseId) ?? findOutput(deps, tenant, place.responseId)
    found.set(place.responseId, output)
    const item = (await output).find((candidate) => candidate.id === id)
    if (item === undefined) throw noItem(param)
    return item
  }
}

async function findOutput({ responses }: ConversationDeps, tenant: string, id: string): Promise<ResponseItem[]> {
  return (await responses.find(tenant, id))?.response.output ?? []
}

type ItemOfTurn = SessionRef & { turn: number; type: ItemPlace['type']; param: string }

/** Of a turn only its answer is kept; what it told of its progress is nothing a model needs. */
async function findInTurn(deps: ConversationDeps, { type, ...asked }: ItemOfTurn): Promise<ResponseItem> {
  if (type === 'reasoning') return { type, summary: [] }
  if (type === 'file_search_call') return { type }
  const { found, isKept } = await keptTurn(deps, asked)
  const text = found?.answer?.text
  if (type !== 'message' || text === undefined || !isKept) throw noItem(asked.param)
  return { type, role: 'assistant', content: text }
}

function noItem(param: string): WeftError {
  return notFound(`${param}: no stored item has this id: send the item itself`, param)
}
