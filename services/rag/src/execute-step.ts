import { WeftError } from '@weft/contracts'
import type { Execute } from '@weft/mesh'
import { budgetQuestion } from '@weft/models'
import { type AnswerTools, answerQuestion } from './answer-question.ts'
import { capabilities, card } from './core/card.ts'
import { type RetrieveTools, retrievePassages } from './retrieve-passages.ts'

/** One step of a plan: `retrieve` or `answer`. What is thrown becomes the step's error event, or a question where a budget asks. */
export function executeStep(tools: AnswerTools & RetrieveTools): Execute {
  return async (request, emit, { signal, tenant }) => {
    try {
      const call = { emit, signal, tenant, agent: card.id }
      if (request.capability === capabilities.retrieve) await retrievePassages(tools, request, call)
      else if (request.capability === capabilities.answer) await answerQuestion(tools, request, call)
      else throw new WeftError('invalid_request', `the agent "rag" cannot "${request.capability}"`)
    } catch (thrown) {
      const question = budgetQuestion(thrown)
      if (question === undefined) throw thrown
      emit(question)
    }
  }
}
