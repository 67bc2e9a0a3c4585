import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { type Problem, toWeftError, type WorkflowPlan } from '@weft/contracts'
import { childRequest } from '../child-session.ts'
import { newSession } from '../new-session.ts'
import { fromHead, partsOf, toHead } from '../persist-session.ts'
import type { InputReply, SessionCommand } from '../session-advance.ts'
import { SessionHead } from '../session-head.ts'
import type { AttemptOutcome, SessionInput } from '../session-input.ts'
import type { Errand, StepRef } from '../session-state.ts'
import { viewSession } from '../session-view.ts'
import { DrivenSession, turnRequest } from '../testing.ts'
import { beatOf } from '../tick-session.ts'
import { checkRepairs } from './check-advance.ts'

interface Member {
  session: DrivenSession
  commands: SessionCommand[]
  /** What waits for a call under way, by the session that is called: calls to one never overtake each other, unless their host is lost. */
  calling: Map<string, Errand[]>
}

/** What is on its way to a session: an input of its own, or what another one asks of it. */
type Letter =
  | { kind: 'word'; memberId: string; input: SessionInput }
  | { kind: 'visit'; memberId: string; ref: StepRef }
  | { kind: 'call'; memberId: string; errand: Errand; calling: Member['calling'] }

/** Sessions that open each other, and all that is on its way between them, which may be lost. Each move takes one of the things that could happen, chosen by `pick`. */
export class SimulatedFamily {
  readonly members = new Map<string, Member>()
  readonly rootId = 's1'
  readonly #pick: (count: number) => number
  #nowMs = 1_000_000
  #work: { memberId: string; ref: StepRef }[] = []
  #letters: Letter[] = []

  constructor(plan: WorkflowPlan, pick: (count: number) => number) {
    this.#pick = pick
    this.#addMember(this.rootId)
    this.#send(this.rootId, { type: 'submit', request: turnRequest({ sessionId: this.rootId, options: { plan } }) })
  }

  get root(): DrivenSession {
    return this.members.get(this.rootId)?.session ?? assert.fail('there is no root')
  }

  toRoot(input: SessionInput): void {
    this.#send(this.rootId, input)
  }

  /** One host does one of the things it was told; what it asks of another session is on its way there. */
  perform(): void {
    const told = this.#takeCommand()
    if (told === undefined) return
    const { memberId, command } = told
    if (command.type === 'dispatch') this.#work.push({ memberId, ref: command })
    if (command.type === 'visit') this.#letters.push({ kind: 'visit', memberId, ref: command })
    if (command.type === 'call') this.#queueCall(memberId, command.errand)
    if (command.type === 'erase') this.#letters.push({ kind: 'word', memberId, input: { type: 'erased' } })
  }

  forget(): void {
    this.#takeCommand()
  }

  finish(): void {
    this.#end({ kind: 'succeeded', output: {}, citations: [], confidence: 1 })
  }

  fail(): void {
    this.#end({ kind: 'failed', problem: { code: 'upstream_error', message: 'broken', isRetryable: false } })
  }

  /** One of what is on its way arrives, whichever was sent first. */
  deliver(): void {
    const letter = this.#takeOne(this.#letters)
    if (letter?.kind === 'word') this.#send(letter.memberId, letter.input)
    if (letter?.kind === 'visit') this.#visit(letter.memberId, letter.ref)
    if (letter?.kind === 'call') this.#call(letter)
  }

  /** Nobody waits any longer for one of what is on its way (a result, a call to another session, what that one answered): it never arrives, or late. */
  lose(): void {
    const letter = this.#takeOne(this.#letters)
    if (letter?.kind === 'call') this.#endCall(letter)
    if (letter === undefined || this.#pick(2) === 0) return
    this.#letters.push(letter.kind === 'call' ? { ...letter, calling: new Map() } : letter)
  }

  /** One session's host is gone, with its work and what it was about to do. */
  async crash(): Promise<void> {
    const [memberId, member] = [...this.members][this.#pick(this.members.size)] ?? assert.fail()
    member.commands = []
    member.calling = new Map()
    this.#work = this.#work.filter((work) => work.memberId !== memberId)
    const { head, parts } = JSON.parse(
      JSON.stringify({ head: toHead(member.session.state), parts: Object.fromEntries(partsOf(member.session.state)) }),
    )
    const { state } = await fromHead(SessionHead.parse(head), async (key, schema) => schema.parse(parts[key]))
    member.session.state = state
    this.#send(memberId, { type: 'activate' })
  }

  decide(action: 'approve' | 'reject'): void {
    const asked = [...this.members].flatMap(([memberId, { session }]) =>
      session.state.turns.flatMap(({ approvals }) =>
        approvals.flatMap(({ id, status }) => (status === 'pending' ? [{ memberId, id }] : [])),
      ),
    )
    const approval = asked[this.#pick(Math.max(1, asked.length))]
    if (approval === undefined) return
    const by = { id: 'ann', roles: [], isAdmin: true }
    this.#send(approval.memberId, { type: 'decide', decision: { approvalId: approval.id, action, by } })
  }

  /** The heartbeats that are due beat. */
  wait(ms: number): void {
    this.#nowMs += ms
    for (const [memberId, { session }] of this.members) {
      const beat = beatOf(session.state)
      if (beat === 'always' || (beat !== 'never' && beat.fromMs <= this.#nowMs)) this.#send(memberId, { type: 'tick' })
    }
  }

  /** From here on nothing is lost; people let everything go on. */
  calm(): void {
    if (this.root.state.isPaused) this.toRoot({ type: 'resume' })
    for (let round = 0; round < 300; round += 1) {
      while ([...this.members.values()].some(({ commands }) => commands.length > 0)) this.perform()
      while (this.#work.length > 0) this.finish()
      while (this.#letters.length > 0) this.deliver()
      this.decide('approve')
      if (this.#isQuiet()) {
        for (const { session } of this.members.values()) checkRepairs(session.events)
        return
      }
      this.wait(15_000)
    }
    assert.fail('the family comes to rest')
  }

  #isQuiet(): boolean {
    const isBusy = (member: Member) => member.commands.length > 0 || beatOf(member.session.state) !== 'never'
    return this.#work.length === 0 && this.#letters.length === 0 && ![...this.members.values()].some(isBusy)
  }

  #visit(memberId: string, { turn, stepId, epoch, attempt }: StepRef): void {
    const ref = { turn, stepId, epoch, attempt }
    const asked = childRequest(this.members.get(memberId)?.session.state ?? assert.fail(), ref)
    if (asked === undefined) return
    assert.ok('request' in asked)
    const { sessionId, request } = asked
    if (!this.members.has(sessionId)) this.#addMember(sessionId)
    const { problem } = this.#send(sessionId, { type: 'submit', request })
    const { turns, lastSeq } = viewSession(this.members.get(sessionId)?.session.state ?? assert.fail())
    const [shown] = turns.map(({ status, approvals, answer }) => ({ status, approvals, answer, seq: lastSeq }))
    const told = problem ?? shown
    if (told === undefined) return
    this.#letters.push({ kind: 'word', memberId, input: { type: 'child', ...ref, sessionId, told } })
  }

  #queueCall(memberId: string, errand: Errand): void {
    const { calling } = this.members.get(memberId) ?? assert.fail()
    const waiting = calling.get(targetOf(errand))
    calling.set(targetOf(errand), [...(waiting ?? []), errand])
    if (waiting === undefined) this.#nextCall(memberId, targetOf(errand))
  }

  /** One that was replaced while it waited its turn is not made. */
  #nextCall(memberId: string, targetId: string): void {
    const { session, calling } = this.members.get(memberId) ?? assert.fail()
    const isWanted = (errand: Errand) => session.state.errands.some((other) => isDeepStrictEqual(other, errand))
    const [next, ...waiting] = (calling.get(targetId) ?? []).filter(isWanted)
    if (next === undefined) calling.delete(targetId)
    else {
      calling.set(targetId, waiting)
      this.#letters.push({ kind: 'call', memberId, errand: next, calling })
    }
  }

  #call(call: Extract<Letter, { kind: 'call' }>): void {
    const { memberId, errand } = call
    const isWanted = this.members.has(targetOf(errand)) && this.#isHeard(errand)
    this.#letters.push({ kind: 'word', memberId, input: { type: 'arrived', errand, isWanted } })
    this.#endCall(call)
  }

  /** Another host does not wait for it. */
  #endCall({ memberId, errand, calling }: Extract<Letter, { kind: 'call' }>): void {
    if (this.members.get(memberId)?.calling === calling) this.#nextCall(memberId, targetOf(errand))
  }

  #isHeard(errand: Errand): boolean {
    const { problem, reply } = this.#send(targetOf(errand), inputOf(errand))
    return problem === undefined && (errand.to === 'child' || (reply?.kind === 'heard' && reply.isWanted))
  }

  #end(outcome: AttemptOutcome): void {
    const work = this.#takeOne(this.#work)
    if (work === undefined) return
    const { turn, stepId, epoch, attempt } = work.ref
    const input: SessionInput = { type: 'outcome', turn, stepId, epoch, attempt, usage: [], outcome }
    this.#letters.push({ kind: 'word', memberId: work.memberId, input })
  }

  #send(memberId: string, input: SessionInput): { problem?: Problem; reply?: InputReply | undefined } {
    const { session, commands } = this.members.get(memberId) ?? assert.fail(`there is no ${memberId}`)
    session.nowMs = this.#nowMs
    try {
      const advance = session.send(input)
      commands.push(...advance.commands)
      session.send({ type: 'flushed', upToSeq: advance.state.lastSeq })
      return { reply: advance.reply }
    } catch (thrown) {
      const problem = toWeftError(thrown).toProblem()
      if (problem.code === 'internal_error') throw thrown
      return { problem }
    }
  }

  #addMember(sessionId: string): void {
    const session = new DrivenSession()
    session.state = { ...newSession({ tenant: 'acme', sessionId, user: undefined }, this.#nowMs), epoch: 1 }
    this.members.set(sessionId, { session, commands: [], calling: new Map() })
  }

  #takeCommand(): { memberId: string; command: SessionCommand } | undefined {
    const busy = [...this.members].filter(([, { commands }]) => commands.length > 0)
    const [memberId, member] = busy[this.#pick(Math.max(1, busy.length))] ?? []
    const command = member === undefined ? undefined : this.#takeOne(member.commands)
    return memberId === undefined || command === undefined ? undefined : { memberId, command }
  }

  #takeOne<T>(from: T[]): T | undefined {
    return from.length === 0 ? undefined : from.splice(this.#pick(from.length), 1)[0]
  }
}

function targetOf(errand: Errand): string {
  return errand.to === 'child' ? errand.sessionId : errand.parent.sessionId
}

function inputOf(errand: Errand): SessionInput {
  if (errand.to === 'parent')
    return { type: 'childChanged', turn: errand.parent.turn, stepId: errand.parent.stepId, seq: errand.seq }
  const { method, seq } = errand
  if (method === 'cancel') return { type: 'cancel', turn: undefined }
  return method === 'delete' ? { type: 'delete' } : { type: method, seq }
}
