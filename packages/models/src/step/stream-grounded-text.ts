import type { Models } from '../create-models.ts'
import { judgeByCitations } from '../routing/choose-step-model.ts'
import { conflictPhrase, isAboutSearch, noEvidencePhrase } from './answer-prompt.ts'
import { type AskedModel, type StepCall, streamStepText } from './stream-step-text.ts'

export interface GroundedText {
  deltas: AsyncGenerator<string>
  /** For whoever finds the citations in the text: what the prompt has the model say, and who is told how well it cited. */
  citationOptions: {
    degraded: Set<string>
    noEvidencePhrase: string
    conflictPhrase: string
    isAboutSearch: typeof isAboutSearch
    /** Told which share of the citations could be verified: the router learns from it. */
    onCited: (verifiedShare: number) => void
  }
}

/** The text of a step's answer from passages, as {@link streamStepText} streams it. */
export function streamGroundedText(
  models: Models,
  asked: Omit<AskedModel, 'isGrounded' | 'onRoute'>,
  call: StepCall,
): GroundedText {
  const judgement = judgeByCitations()
  return {
    deltas: streamStepText(models, { ...asked, isGrounded: true, onRoute: judgement.follow }, call),
    citationOptions: { degraded: asked.degraded, noEvidencePhrase, conflictPhrase, isAboutSearch, onCited: judgement.tell },
  }
}
