import { FoundPlace } from '@weft/contracts'
import { z } from 'zod'
import type { TurnState } from './session-state.ts'

/** As many results as OpenAI's file search shows at most: its API reference, responses, `max_num_results`. */
const placesMax = 50

const Found = z.object({ passages: z.array(FoundPlace) })

/** Where a step's passages stand, if it searches and the turn's response tells of that; their text stays behind. */
export function foundPlaces(
  { request, plan }: Pick<TurnState, 'request' | 'plan'>,
  stepId: string,
  output: unknown,
): { found?: FoundPlace[] } {
  if (request.showsSearch !== true) return {}
  if (plan?.steps.find((step) => step.stepId === stepId)?.capability !== 'retrieve') return {}
  const read = Found.safeParse(output)
  return read.success ? { found: read.data.passages.slice(0, placesMax) } : {}
}
