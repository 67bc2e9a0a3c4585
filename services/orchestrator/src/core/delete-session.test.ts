import { describe, expect, it } from '@jest/globals'
import { partsOf } from './persist-session.ts'
import { DrivenSession, planOf } from './testing.ts'
import { beatOf } from './tick-session.ts'

function deletedWhileRunning(): DrivenSession {
  const session = new DrivenSession()
  session.submit({ replyTopic: 'gateway.1', options: { plan: planOf([{ stepId: 'answer' }]) } })
  session.send({ type: 'delete' })
  return session
}

it('a deleted session ends its work, tells who follows it, and keeps nothing', () => {
  const session = deletedWhileRunning()
  expect(session.commands).toContainEqual({ type: 'abort', turn: 1, stepId: 'answer', epoch: 1, attempt: 1 })
  expect(session.commands).toContainEqual({ type: 'gone', turn: 1, replyTopics: ['gateway.1'] })
  expect(session.commands.at(-1)).toEqual({ type: 'erase' })
  expect(session.state).toMatchObject({ turns: [], outbox: [], deletion: 'erasing' })
  expect([...partsOf(session.state).keys()]).toEqual([])
})

it('is erased again and again until the database has forgotten it', () => {
  const session = deletedWhileRunning()
  expect(beatOf(session.state)).toBe('always')
  session.send({ type: 'activate' })
  session.send({ type: 'tick' })
  expect(session.commands.filter((command) => command.type === 'erase')).toHaveLength(3)
  session.send({ type: 'erased' })
  session.send({ type: 'tick' })
  expect(session.commands.filter((command) => command.type === 'erase')).toHaveLength(3)
  expect(beatOf(session.state)).toBe('never')
})

it('is erased again when it is deleted again, as a database that was put back from a backup has it once more', () => {
  const session = deletedWhileRunning()
  session.send({ type: 'erased' })
  const before = session.commands.length
  session.send({ type: 'delete', ifLastSeq: 1 })
  expect(session.commands.slice(before)).toEqual([{ type: 'erase' }])
  expect(beatOf(session.state)).toBe('always')
  session.send({ type: 'erased' })
  expect(beatOf(session.state)).toBe('never')
})

it('takes no further turn, and lets late results fall', () => {
  const session = deletedWhileRunning()
  expect(() => session.submit()).toThrow(expect.objectContaining({ code: 'gone' }))
  expect(() => session.send({ type: 'cancel', turn: undefined })).toThrow(expect.objectContaining({ code: 'not_found' }))
  const outcome = { kind: 'succeeded' as const, output: 'late', citations: [], confidence: 1 }
  session.send({ type: 'outcome', turn: 1, stepId: 'answer', epoch: 1, attempt: 1, usage: [], outcome })
  expect(session.state.turns).toEqual([])
  expect(session.send({ type: 'delete' }).commands).toEqual([])
})

describe('a session that is deleted as of an event', () => {
  const ended = () => {
    const session = new DrivenSession()
    session.submit({ options: { plan: planOf([{ stepId: 'answer' }]) } })
    session.send({ type: 'cancel', turn: undefined })
    return session
  }

  it('goes when it has ended and nothing happened since', () => {
    const session = ended()
    session.send({ type: 'delete', ifLastSeq: session.state.lastSeq })
    expect(session.state.deletion).toBe('erasing')
  })

  it('stays, as it was, when something happened since, or a turn has not ended', () => {
    const session = ended()
    const before = session.state.lastSeq
    session.submit({ idempotencyKey: 'again', options: { plan: planOf([{ stepId: 'answer' }]) } })
    const { state } = session
    for (const ifLastSeq of [before, state.lastSeq]) {
      expect(session.send({ type: 'delete', ifLastSeq }).reply).toEqual({ kind: 'kept' })
      expect(session.state).toBe(state)
    }
  })
})
