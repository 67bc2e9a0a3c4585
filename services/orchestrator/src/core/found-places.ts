import { FoundPlace } from '@weft/contracts'
import { z } from 'zod'
import type { StepState, TurnState } from './session-state.ts'

/** As many results as OpenAI's file search shows at most: its API reference, responses, `max_num_results`. */
const placesMax = 50

const Found = z.object({ passages: z.array(FoundPlace) })

/** Where a step's passages stand, if it searches and the turn's response tells of that; their text stays behind. */
export function foundPlaces(
  { request, plan }: Pick<TurnState, 'request' | 'plan'>,
  stepId: string,
  output: unknown,
): FoundPlace[] | undefined {
  if (request.showsSearch !== true) return undefined
  if (plan?.steps.find((step) => step.stepId === stepId)?.capability !== 'retrieve') return undefined
  return Found.safeParse(output).data?.passages.slice(0, placesMax)
}

/** What a step has found, as its views and events tell it. */
export function foundOf({ found }: StepState): { found?: FoundPlace[] } {
  return found === undefined ? {} : { found }
}
