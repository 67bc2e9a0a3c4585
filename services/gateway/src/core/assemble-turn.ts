import type { ReplyItem, SessionEvent, SessionView, TurnAnswer, TurnStatus, TurnView } from '@weft/contracts'
import { describeProgress, planOf } from './describe-progress.ts'
import { createEventOrder } from './order-events.ts'
import { createStepText, type TextOutput } from './step-text.ts'

/** How a turn ended, or where it pauses: `text` is the whole answer. */
export interface TurnEnd {
  status: Exclude<TurnStatus, 'running'>
  answer: TurnAnswer
  /** The turn as its session stores it, when that was read. */
  view: TurnView | undefined
}

export type TurnOutput = { type: 'progress'; line: string } | TextOutput | { type: 'end'; end: TurnEnd }

export interface TurnAssembler {
  acceptItem(item: ReplyItem, nowMs: number): TurnOutput[]
  /** What the session itself says; enough on its own when every reply was lost. */
  acceptView(view: SessionView): TurnOutput[]
  /** Events that waited for one that is not coming. */
  passTime(nowMs: number): TurnOutput[]
  dueAtMs(): number | undefined
  /** The replies cannot be understood, or do not suffice, without reading the session. */
  needsView(): boolean
}

const noAnswer: TurnAnswer = { text: '', citations: [], degraded: [], usage: [], costUsd: 0 }

/**
 * Makes one stream of outputs of a turn's replies: progress until the answer begins, the answer step's text in order, one end.
 *
 * @param isPauseEnd - whether a pending approval ends the stream; otherwise it is waited for.
 * @param isStreamed - whether text is shown as it arrives; otherwise only the end's text counts, and an agent may start over freely.
 */
export function createTurnAssembler(options: { turn: number; isPauseEnd: boolean; isStreamed: boolean }): TurnAssembler {
  const text = createStepText()
  const events = createEventOrder()
  let isEndAnnounced = false
  let isEnded = false

  function showText(outputs: TextOutput[]): TurnOutput[] {
    isEnded ||= outputs.some(({ type }) => type === 'diverged')
    return outputs
  }

  function showEvents(ordered: SessionEvent[]): TurnOutput[] {
    if (text.hasText()) return []
    return ordered.flatMap((event) => {
      const line = describeProgress(event)
      return line === undefined ? [] : [{ type: 'progress' as const, line }]
    })
  }

  function end(status: TurnStatus, answer: TurnAnswer | undefined, view: TurnView | undefined): TurnOutput[] {
    if (status === 'running' || (status === 'awaiting_approval' && !options.isPauseEnd)) return []
    const isKnown = answer !== undefined || view !== undefined
    if (!isKnown) {
      isEndAnnounced = true
      return []
    }
    const whole = answer ?? noAnswer
    const rest = status === 'completed' && options.isStreamed ? showText(text.finish(whole.text)) : []
    if (isEnded) return rest
    isEnded = true
    return [...rest, { type: 'end', end: { status, answer: whole, view } }]
  }

  function acceptItem(item: ReplyItem, nowMs: number): TurnOutput[] {
    if (isEnded || item.turn !== options.turn) return []
    switch (item.kind) {
      case 'text':
        return options.isStreamed ? showText(text.accept(item)) : []
      case 'event': {
        const shown = showEvents(events.accept(item.event, nowMs))
        return [...shown, ...showText(text.learnAnswerStep(planOf(item.event)?.answerStepId))]
      }
      case 'end':
        return end(item.status, item.answer, undefined)
    }
  }

  return {
    acceptItem,
    acceptView(view) {
      const turn = view.turns.find((candidate) => candidate.turn === options.turn)
      if (isEnded || turn === undefined) return []
      isEndAnnounced = false
      const shown = showText(text.learnAnswerStep(turn.plan?.answerStepId))
      return isEnded ? shown : [...shown, ...end(turn.status, turn.answer, turn)]
    },
    passTime: (nowMs) => (isEnded ? [] : showEvents(events.due(nowMs))),
    dueAtMs: () => events.dueAtMs(),
    needsView: () => !isEnded && (isEndAnnounced || text.isWaiting()),
  }
}
