import type { AnswerPiece, ResponsesRequest } from '@weft/models'
import { usedTokens } from '../core/completion-objects.ts'
import { turnResponseId } from '../core/response-id.ts'
import { divergedAnswer, type SpokenEnd, speakEnd } from '../core/turn-end.ts'
import { settleTokens } from '../limits/limited-routes.ts'
import type { AnswerOptions } from './answer-turn.ts'
import { endingOf, piecesOfEnd, searchPiece, withPrevious } from './response-of-turn.ts'
import type { TellResults } from './search-results.ts'
import { sendResponse } from './send-response.ts'

export interface SpokenResponse {
  wish: ResponsesRequest
  isBackground: boolean
  /** Only events after this sequence number are sent. Default: all. */
  startingAfter?: number | undefined
  tellResults: TellResults
}

/** As for chat completions: a failure this soon after acceptance still gets a real status. */
const startWithinMs = 1_000

/**
 * Writes a turn as a response. One in the background shows no progress, because its stream has to be the same each time it is asked for, and progress that was
 * missed does not come again.
 */
export function speakResponse(asked: SpokenResponse, options: AnswerOptions): Promise<void> {
  const { wish, isBackground, startingAfter, tellResults } = asked
  const { place, identity, response, open, logger } = options
  const spoken: { end?: SpokenEnd; text: string } = { text: '' }
  return sendResponse({
    wish: withPrevious(wish, place),
    identity: {
      id: turnResponseId(place),
      model: identity.model,
      createdAt: identity.created,
      isStored: wish.store !== false,
      isBackground,
    },
    pieces: piecesOfTurn({ ...options, showsProgress: options.showsProgress && !isBackground, tellResults }, spoken),
    ending: () => (spoken.end === undefined ? {} : endingOf(place, spoken.end, spoken.text)),
    startWithinMs,
    startingAfter,
    response,
    open,
    logger,
  })
}

async function* piecesOfTurn(
  { response, outputs, place, pauses, showsProgress, tellResults }: AnswerOptions & Pick<SpokenResponse, 'tellResults'>,
  spoken: { end?: SpokenEnd; text: string },
): AsyncGenerator<AnswerPiece> {
  for await (const output of outputs) {
    switch (output.type) {
      case 'progress':
        if (showsProgress) yield { type: 'reasoning', delta: `${output.line}\n` }
        break
      case 'search':
        yield await searchPiece(output.search, tellResults)
        break
      case 'text':
        spoken.text += output.delta
        yield output
        break
      case 'diverged':
        throw divergedAnswer(place.sessionId)
      case 'end': {
        const end = speakEnd(place.sessionId, output.end, pauses)
        spoken.end = end
        settleTokens(response, usedTokens(end.answer.usage))
        for (const piece of piecesOfEnd(end, spoken.text)) {
          if (piece.type === 'text') spoken.text += piece.delta
          yield piece
        }
      }
    }
  }
}
