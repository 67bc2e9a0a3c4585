import { WeftError } from '@weft/contracts'
import type { Execute } from '@weft/mesh'
import { budgetQuestion } from '@weft/models'
import { capabilities, card } from './core/card.ts'
import { reasonDirectly } from './reason-directly.ts'
import { type CitingTools, synthesizeAnswer } from './synthesize-answer.ts'

/** One step of a plan: `reason` or `synthesize`. What is thrown becomes the step's error event, or a question where a budget asks. */
export function executeStep(tools: CitingTools): Execute {
  return async (request, emit, { signal, tenant }) => {
    try {
      const call = { emit, signal, tenant, agent: card.id }
      if (request.capability === capabilities.reason) await reasonDirectly(tools, request, call)
      else if (request.capability === capabilities.synthesize) await synthesizeAnswer(tools, request, call)
      else throw new WeftError('invalid_request', `the agent "reasoning" cannot "${request.capability}"`)
    } catch (thrown) {
      const question = budgetQuestion(thrown)
      if (question === undefined) throw thrown
      emit(question)
    }
  }
}
