import { ChatMessage } from '@weft/contracts'
import { type InputItem, inputItems, itemsOfChat } from '@weft/models'
import { noSuchResponse, type TurnPlace, turnOfResponse, turnResponseId } from '../core/response-id.ts'
import { placeOfMessage, type SessionLog } from '../sessions/session-log.ts'
import { type FindResponseTurnDeps, findResponseTurn } from './find-response-turn.ts'
import type { ResponseStore } from './response-store.ts'

export interface InputOfResponseDeps extends FindResponseTurnDeps {
  responses: Pick<ResponseStore, 'find' | 'isForgotten'>
  log: FindResponseTurnDeps['log'] & Pick<SessionLog, 'messages' | 'asked'>
}

/** How many earlier responses, or turns, of a conversation are listed. */
const earlierMax = 100

/** The items a response was made from, oldest first: those of the conversation it goes on with, then its own. Throws `not_found`. */
export async function inputOfResponse(
  deps: InputOfResponseDeps,
  { tenant, id }: { tenant: string; id: string },
): Promise<InputItem[]> {
  const place = turnOfResponse(id)
  return onceEach(place === undefined ? await ofModel(deps, tenant, id) : await ofTurn(deps, { tenant, ...place }))
}

/** The list begins behind the newest earlier response that is no longer kept, because nothing is known of what came before it. */
async function ofModel({ responses }: InputOfResponseDeps, tenant: string, id: string): Promise<InputItem[]> {
  const newest = await responses.find(tenant, id)
  if (newest === undefined) throw noSuchResponse(id)
  const parts = [inputItems(id, newest.input)]
  for (let { previousId } = newest; previousId !== undefined && parts.length <= earlierMax; ) {
    const earlier = await responses.find(tenant, previousId)
    if (earlier === undefined) break
    parts.unshift([...inputItems(earlier.id, earlier.input), ...inputItems(earlier.id, earlier.response.output)])
    previousId = earlier.previousId
  }
  return parts.flat()
}

/** A request that held answers brought the whole conversation with it; any other went on from what was said in its session. */
async function ofTurn(deps: InputOfResponseDeps, place: TurnPlace & { tenant: string }): Promise<InputItem[]> {
  await findResponseTurn(deps, place)
  const own = await deps.log.asked(place, place.turn)
  const holdsAnswers = own.some(({ role }) => role === 'assistant')
  const before = holdsAnswers ? [] : await saidBefore(deps, place)
  return [...before, ...inputItems(turnResponseId(place), itemsOfChat(own))]
}

async function saidBefore({ log }: InputOfResponseDeps, { turn, ...session }: TurnPlace & { tenant: string }) {
  const items: InputItem[] = []
  const first = Math.max(0, turn - 1 - earlierMax)
  for (let after = { turn: first, part: 1 }, hasMore = true; hasMore; ) {
    const page = await log.messages(session, { limit: 2 * earlierMax, after })
    const earlier = page.data.filter((message) => message.turn < turn)
    for (const { turn: said, role, content } of earlier) {
      const id = `${turnResponseId({ ...session, turn: said })}_${role}`
      items.push(...inputItems(id, itemsOfChat([ChatMessage.parse({ role, content })])))
    }
    const last = page.data.at(-1)
    hasMore = page.hasMore && last !== undefined && earlier.length === page.data.length
    if (last !== undefined) after = placeOfMessage(last)
  }
  return items
}

/** Each id once: a client may send several items with the same id, and a page could then not tell behind which of them it goes on. */
function onceEach(items: InputItem[]): InputItem[] {
  return [...new Map(items.map((item) => [item.id, item])).values()]
}
