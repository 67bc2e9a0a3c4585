import { conflictPhrase, isAboutSearch, noEvidencePhrase } from './answer-prompt.ts'
import type { Models } from './create-models.ts'
import { judgeByCitations } from './routing/choose-step-model.ts'
import { type AskedModel, type StepCall, streamStepText } from './stream-step-text.ts'

export interface GroundedText {
  deltas: AsyncGenerator<string>
  /** What whoever finds the citations in the text has to know of how the model was asked for it. */
  manner: {
    degraded: Set<string>
    noEvidencePhrase: string
    conflictPhrase: string
    isAboutSearch: typeof isAboutSearch
    /** Told which share of the citations could be verified: the router learns from it. */
    onCited: (verifiedShare: number) => void
  }
}

/** As {@link streamStepText}, for an answer from passages. */
export function streamGroundedText(
  models: Models,
  asked: Omit<AskedModel, 'isGrounded' | 'onRoute'>,
  call: StepCall,
): GroundedText {
  const judgement = judgeByCitations()
  return {
    deltas: streamStepText(models, { ...asked, isGrounded: true, onRoute: judgement.follow }, call),
    manner: { degraded: asked.degraded, noEvidencePhrase, conflictPhrase, isAboutSearch, onCited: judgement.tell },
  }
}
