import { ReplyDetail } from '@weft/contracts'
import type { SessionDraft } from './session-draft.ts'
import { sessionLimits } from './session-limits.ts'
import type { TurnState } from './session-state.ts'

/**
 * Has a turn told on one more topic, in as much detail as any of its readers wants. The newest topics win: a gateway that left stops costing
 * publishes once enough others came.
 */
export function attachReplyTopic(
  draft: SessionDraft,
  { turn, replyTopics, replyDetail }: TurnState,
  wish: { replyTopic: string; replyDetail: ReplyDetail },
): void {
  const isKnown = replyTopics.includes(wish.replyTopic)
  const isMore = ReplyDetail.options.indexOf(wish.replyDetail) > ReplyDetail.options.indexOf(replyDetail)
  if (isKnown && !isMore) return
  const edited = draft.editTurn(turn)
  if (!isKnown) edited.replyTopics = [...replyTopics, wish.replyTopic].slice(-sessionLimits.replyTopicsMax)
  if (isMore) edited.replyDetail = wish.replyDetail
}
