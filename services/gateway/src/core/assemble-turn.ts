import type { ReplyItem, SessionEvent, SessionView, TurnAnswer, TurnStatus } from '@weft/contracts'
import { describeProgress, planOf } from './describe-progress.ts'
import { endInView, type TurnEnd } from './end-in-view.ts'
import { createEventOrder } from './order-events.ts'
import { createStepText, type TextOutput } from './step-text.ts'
import { createSearchTeller, type SearchTelling } from './tell-search.ts'
import type { TurnOutput } from './turn-output.ts'

export interface TurnAssembler {
  acceptItem(item: ReplyItem, nowMs: number): TurnOutput[]
  /** Takes what the session itself says, which suffices even if every reply was lost. */
  acceptView(view: SessionView): TurnOutput[]
  /** Releases events that have waited long enough for an earlier one. */
  passTime(nowMs: number): TurnOutput[]
  /** When `passTime` has something to release; undefined when nothing waits. */
  dueAtMs(): number | undefined
  /** Whether the session has to be read, because the replies so far do not suffice. */
  needsView(): boolean
}

/**
 * Makes one stream of outputs of a turn's replies: progress until the answer begins, the answer step's text in order, one end.
 *
 * @param isPauseEnd - whether a pending approval ends the stream; otherwise it is waited for.
 * @param decided - ids of approvals known to be decided: a session that still waits for one has not heard of it from its child session yet.
 * @param tellsSearch - what of the search is told before the answer begins; that has to be known then.
 * @param isStreamed - whether text is shown as it arrives; otherwise only the end's text counts, and an agent may start over freely.
 */
export function createTurnAssembler(options: {
  turn: number
  isPauseEnd: boolean
  isStreamed: boolean
  tellsSearch: SearchTelling
  decided: ReadonlySet<string>
}): TurnAssembler {
  const text = createStepText()
  const search = createSearchTeller(options.tellsSearch)
  const events = createEventOrder()
  let isEndAnnounced = false
  let isEnded = false
  /** Whether the turn may still wait behind an earlier one; that it has begun is known from its plan or from the session. */
  let mayBeQueued = options.turn > 1

  function showText(outputs: TextOutput[]): TurnOutput[] {
    isEnded ||= outputs.some(({ type }) => type === 'diverged')
    return outputs
  }

  function showEvents(ordered: SessionEvent[]): TurnOutput[] {
    return text.hasText() ? [] : progressOf(ordered)
  }

  function end(turnEnd: TurnEnd): TurnOutput[] {
    if (turnEnd.status === 'awaiting_approval' && !options.isPauseEnd) return []
    const rest = turnEnd.status === 'completed' && options.isStreamed ? showText(text.finish(turnEnd.answer.text)) : []
    if (isEnded) return rest
    isEnded = true
    return [...rest, { type: 'end', end: turnEnd }]
  }

  /** A reply that tells of a pause may be older than the decision that ended it, so that the session is asked. */
  function endAnnounced(status: TurnStatus, answer: TurnAnswer | undefined): TurnOutput[] {
    const isPause = status === 'awaiting_approval'
    if (status === 'running' || (isPause && !options.isPauseEnd)) return []
    const mayEnd = options.tellsSearch === 'nothing' || search.isKnown()
    if (answer !== undefined && !isPause && mayEnd) return end({ status, answer, pending: [], isQueued: false })
    isEndAnnounced = true
    return []
  }

  function acceptItem(item: ReplyItem, nowMs: number): TurnOutput[] {
    if (isEnded || item.turn !== options.turn) return []
    switch (item.kind) {
      case 'text':
        return options.isStreamed ? showText(text.accept(item)) : []
      case 'event': {
        const shown = showEvents(events.accept(item.event, nowMs))
        if (item.event.type === 'plan.ready') mayBeQueued = false
        search.heed(item.event)
        return [...shown, ...showText(text.learnAnswerStep(planOf(item.event)?.answerStepId))]
      }
      case 'end':
        return endAnnounced(item.status, item.answer)
    }
  }

  function acceptView(view: SessionView): TurnOutput[] {
    const turn = view.turns.find((candidate) => candidate.turn === options.turn)
    if (isEnded || turn === undefined) return []
    isEndAnnounced = false
    mayBeQueued = false
    search.see(turn)
    const shown = showText(text.learnAnswerStep(turn.plan?.answerStepId))
    const seen = isEnded ? undefined : endInView(view, turn)
    if (seen?.pending.some(({ id }) => options.decided.has(id))) {
      isEndAnnounced = options.isPauseEnd
      return shown
    }
    return seen === undefined ? shown : [...shown, ...end(seen)]
  }

  return {
    acceptItem: (item, nowMs) => search.tell(acceptItem(item, nowMs)),
    acceptView: (view) => search.tell(acceptView(view)),
    passTime: (nowMs) => (isEnded ? [] : showEvents(events.due(nowMs))),
    dueAtMs: () => events.dueAtMs(),
    needsView: () => !isEnded && (isEndAnnounced || mayBeQueued || text.isWaiting() || search.isHolding()),
  }
}

/** What is shown of events while there is no text yet. */
export function progressOf(events: readonly SessionEvent[]): TurnOutput[] {
  return events.flatMap((event) => {
    const line = describeProgress(event)
    return line === undefined ? [] : [{ type: 'progress' as const, line }]
  })
}
