import { describe, expect, it } from '@jest/globals'
import { approvalOf } from '../testing/approvals.ts'
import { answerOf, endItem, eventItem, plan, textItem, turnOf, viewOf } from '../testing/turns.ts'
import { createTurnAssembler } from './assemble-turn.ts'

const assembler = (more: Partial<Parameters<typeof createTurnAssembler>[0]> = {}) =>
  createTurnAssembler({ turn: 1, isPauseEnd: true, isStreamed: true, tellsSearch: 'nothing', decided: new Set(), ...more })

describe('a turn put together from its replies', () => {
  it('shows progress, then the answer step only, then its end', () => {
    const turn = assembler()
    const items = [
      eventItem(1, 'turn.accepted'),
      eventItem(2, 'plan.ready', { plan }),
      eventItem(3, 'step.dispatched', { stepId: 'retrieve' }),
      textItem(0, 'notes', { stepId: 'retrieve' }),
      textItem(0, 'Water '),
      textItem(6, 'boils.'),
      endItem('completed', answerOf('Water boils.')),
    ]
    const outputs = items.flatMap((item) => turn.acceptItem(item, 0))
    expect(outputs.slice(0, -1)).toEqual([
      { type: 'progress', line: 'plan: retrieve, answer' },
      { type: 'progress', line: 'retrieve: started' },
      { type: 'text', delta: 'Water ' },
      { type: 'text', delta: 'boils.' },
    ])
    expect(outputs.at(-1)).toMatchObject({ type: 'end', end: { status: 'completed', answer: { text: 'Water boils.' } } })
  })

  it('keeps text that overtook its plan, and asks for the session meanwhile', () => {
    const turn = assembler()
    expect(turn.acceptItem(textItem(0, 'Hi'), 0)).toEqual([])
    expect(turn.needsView()).toBe(true)
    expect(turn.acceptView(viewOf({ plan }))).toEqual([{ type: 'text', delta: 'Hi' }])
    expect(turn.needsView()).toBe(false)
  })

  it('is whole from the session alone when every reply was lost', () => {
    const turn = assembler()
    const outputs = turn.acceptView(viewOf({ status: 'completed', plan, answer: answerOf('All of it.') }))
    expect(outputs).toMatchObject([{ type: 'text', delta: 'All of it.' }, { type: 'end' }])
    expect(turn.acceptItem(endItem('completed', answerOf('All of it.')), 0)).toEqual([])
  })

  it('reads the session when the end comes without its answer', () => {
    const turn = assembler()
    expect(turn.acceptItem(endItem('completed'), 0)).toEqual([])
    expect(turn.needsView()).toBe(true)
  })

  it('shows no progress once the answer has begun', () => {
    const turn = assembler()
    for (const item of [eventItem(1, 'turn.accepted'), eventItem(2, 'plan.ready', { plan }), textItem(0, 'Hi')])
      turn.acceptItem(item, 0)
    expect(turn.acceptItem(eventItem(3, 'step.progress', { stepId: 'answer', message: 'still on it' }), 0)).toEqual([])
  })

  it('leaves other turns of the session alone', () => {
    const turn = assembler()
    expect(turn.acceptItem({ ...endItem('completed', answerOf('old')), turn: 7 }, 0)).toEqual([])
  })

  it('lets an agent start over freely while nothing was shown to anybody', () => {
    const turn = assembler({ isStreamed: false })
    const items = [eventItem(1, 'plan.ready', { plan }), textItem(0, 'First'), textItem(0, 'Second', { attempt: 2 })]
    expect(items.flatMap((item) => turn.acceptItem(item, 0)).filter((output) => output.type === 'diverged')).toEqual([])
    expect(turn.acceptItem(endItem('completed', answerOf('Second')), 0)).toMatchObject([{ type: 'end' }])
  })

  it('pauses at an approval, or waits for it when asked to', () => {
    const paused = viewOf({ status: 'awaiting_approval', plan })
    expect(assembler().acceptView(paused)).toMatchObject([{ type: 'end', end: { status: 'awaiting_approval' } }])
    expect(assembler({ isPauseEnd: false }).acceptView(paused)).toEqual([])
  })

  it('does not believe a reply that says it pauses: a decision may have overtaken it', () => {
    const turn = assembler()
    expect(turn.acceptItem(endItem('awaiting_approval', answerOf('')), 0)).toEqual([])
    expect(turn.needsView()).toBe(true)
    expect(turn.acceptView(viewOf({ status: 'running', plan }))).toEqual([])
    expect(turn.needsView()).toBe(false)
    expect(turn.acceptItem(endItem('completed', answerOf('Done.')), 0)).toMatchObject([{ type: 'text' }, { type: 'end' }])
  })

  it('does not pause for what was decided: a child session’s news takes a moment to its parent', () => {
    const turn = assembler({ decided: new Set(['appr_sess_1.1']) })
    expect(turn.acceptView(viewOf({ status: 'awaiting_approval', plan, approvals: [approvalOf()] }))).toEqual([])
    expect(turn.needsView()).toBe(true)
    const other = viewOf({ status: 'awaiting_approval', plan, approvals: [approvalOf({ id: 'appr_sess_1.2' })] })
    expect(turn.acceptView(other)).toMatchObject([{ type: 'end', end: { pending: [{ id: 'appr_sess_1.2' }] } }])
  })

  it('ends behind an earlier turn that is paused, naming what that one waits for', () => {
    const paused = turnOf({ status: 'awaiting_approval', plan, approvals: [approvalOf()] })
    const behind = assembler({ turn: 2 })
    expect(behind.needsView()).toBe(true)
    expect(behind.acceptView({ ...viewOf(), turns: [paused, turnOf({ turn: 2 })] })).toMatchObject([
      { type: 'end', end: { status: 'awaiting_approval', isQueued: true, pending: [{ id: 'appr_sess_1.1' }] } },
    ])
  })

  it('is not looked for in a queue once its plan is there', () => {
    const second = assembler({ turn: 2 })
    second.acceptItem({ ...eventItem(9, 'plan.ready', { plan }), turn: 2 }, 0)
    expect(second.needsView()).toBe(false)
  })
})
