import type { ModelError } from '../model-error.ts'
import { estimateTokensOf, usageOf, wasPaid } from '../tokens/price-tokens.ts'
import { type AnswerFacts, startOfContent } from './answer-facts.ts'
import type { CallFacts, UncountedCall } from './call-controls.ts'

/** What can be counted of a call whose provider did not count; undefined when nothing was used. */
export function uncountedCall(
  facts: CallFacts,
  {
    answer,
    failure,
    outputTokensMax,
  }: { answer: AnswerFacts; failure?: ModelError | undefined; outputTokensMax?: number | undefined },
): UncountedCall | undefined {
  const { model, inputText, answers } = facts
  const { contentChars } = answer
  const contentStart = startOfContent(answer)
  const sent = { inputTokens: () => facts.inputTokens, outputChars: contentChars, failure }
  if (!wasPaid(sent)) return undefined
  const most = (outputTokensMax ?? model.outputTokensMax ?? Number.POSITIVE_INFINITY) * answers
  return {
    texts: [inputText?.() ?? '', contentStart],
    usageOf([input = 0, start = 0]) {
      const heard = contentStart === '' ? 0 : Math.ceil((start * contentChars) / contentStart.length)
      const inputTokens = inputText === undefined ? estimateTokensOf(sent).inputTokens : input
      // No more than was set aside for the call in budgets.
      return usageOf(model, undefined, () => ({ inputTokens, outputTokens: Math.min(heard, most) }))
    },
  }
}
