import { ApprovalPolicy, SubmitTurn, TurnAnswer, WorkflowPlan } from '@weft/contracts'
import { z } from 'zod'
import { leanEvent, wholeEvent } from './lean-events.ts'
import { checkpointPart, eventsPart, firstSeqOf, nameOf, outcomePart, questionPart, type TagOf } from './part-names.ts'
import {
  ApprovalHead,
  ApprovalQuestion,
  Events,
  Outcome,
  type SessionHead,
  StepHead,
  type TurnHead,
  type WrittenHead,
} from './session-head.ts'
import type { ApprovalState, OutboxBatch, SessionState, StepOutcome, StepState, TurnState } from './session-state.ts'

/**
 * How a session is stored (docs/decisions/0001-session-state-head-and-parts.md): one small head that every commit writes anew, and parts that are
 * written once and never changed. A part's name says what it is and ends with the tag of the commit that first wrote it, so that no two contents ever
 * share a name; the head, or the part that refers to it, keeps the tag. A second writer can therefore spoil nothing but the head, which its ETag
 * guards (the store runs the writes of one transaction atomically, but does not take the others back when one ETag does not match).
 *
 * Two kinds of parts are put into the head while they are small, because a key of their own would cost more than they do: events on their way into
 * the log, which leave it within moments, and outcomes of steps, which move into the part `ended` when their turn ends.
 */
export const headKey = 'head'

const Checkpoint = z.object({ state: z.unknown() })
const Ended = z.object({ steps: z.record(z.string(), StepHead), approvals: z.array(ApprovalHead) })
const Policies = z.array(ApprovalPolicy)

/** Which parts the store has already, and under which tag each is stored, or is about to be. */
export interface StoredParts {
  tagOf: TagOf
  isStored: (part: string) => boolean
}

const nothingStored: StoredParts = { tagOf: () => '', isStored: () => false }

export function toHead(state: SessionState, stored = nothingStored, dropped: string[] = []): Omit<WrittenHead, 'commit'> {
  const { turns, outbox, ...rest } = state
  const { tagOf } = stored
  return {
    version: 1,
    ...rest,
    turns: turns.map((turn) => toTurnHead(turn, stored)),
    outbox: outbox.map((batch, index) => {
      const { epoch, events } = batch
      return isInHead(outbox, index)
        ? { epoch, events: events.map((event) => leanEvent(event, state)) }
        : { epoch, firstSeq: firstSeqOf(batch), tag: tagOf(eventsPart(batch)) }
    }),
    dropped,
  }
}

/** Every part the head refers to, with its content: undefined for one that is stored already and is not in memory, or need not be made again. */
export function partsOf(state: Pick<SessionState, 'turns' | 'outbox'>, stored = nothingStored): Map<string, unknown> {
  const parts = new Map<string, unknown>()
  for (const turn of state.turns) {
    for (const [part, value] of ownPartsOf(turn, stored)) parts.set(part, stored.isStored(part) ? undefined : value())
    for (const approval of turn.approvals) parts.set(questionPart(approval), approval.question)
    for (const [stepId, step] of Object.entries(turn.steps)) {
      const isPart = step.status === 'succeeded' && !isOutcomeInHead(turn, [stepId, step], stored)
      if (isPart) parts.set(outcomePart(turn.turn, stepId, step), step.outcome)
      if (hasCheckpoint(turn, step)) parts.set(checkpointPart(turn.turn, stepId, step), { state: step.checkpoint })
    }
  }
  for (const [index, batch] of state.outbox.entries()) {
    if (!isInHead(state.outbox, index)) parts.set(eventsPart(batch), batch.events)
  }
  return parts
}

/** A batch leaves the outbox within moments. A small one is put into the head, which spares the store a key that would be deleted at once. */
const headBatchCharsMax = 2_048
/** Only the newest batches: older ones wait for a database that is away, and there may be so many that the head would grow long. */
const headBatchesMax = 4

const smallBatches = new WeakMap<OutboxBatch, boolean>()

function isInHead(outbox: OutboxBatch[], index: number): boolean {
  const batch = outbox[index]
  return batch !== undefined && index >= outbox.length - headBatchesMax && isSmall(batch)
}

function isSmall(batch: OutboxBatch): boolean {
  const known = smallBatches.get(batch)
  if (known !== undefined) return known
  const isNow = JSON.stringify(batch.events).length <= headBatchCharsMax
  smallBatches.set(batch, isNow)
  return isNow
}

/** A longer outcome is a part. For a shorter one, a part would be half of all that its step writes. */
const headOutcomeCharsMax = 256
/** In turns with more steps than this every outcome is a part, because the head is written with every commit. */
const headOutcomeStepsMax = 64

const smallOutcomes = new WeakMap<StepOutcome, boolean>()

function isOutcomeInHead({ turn, steps }: TurnState, [stepId, step]: [string, StepState], { isStored }: StoredParts): boolean {
  const { outcome } = step
  if (outcome === undefined || !isSmallOutcome(outcome) || isStored(outcomePart(turn, stepId, step))) return false
  return Object.keys(steps).length <= headOutcomeStepsMax
}

function isSmallOutcome(outcome: StepOutcome): boolean {
  const known = smallOutcomes.get(outcome)
  if (known !== undefined) return known
  const isNow = JSON.stringify(outcome).length <= headOutcomeCharsMax
  smallOutcomes.set(outcome, isNow)
  return isNow
}

/** The parts that a turn has at most once each. Their content is made only where it is asked for. */
function ownPartsOf(turn: TurnState, stored: StoredParts): [part: string, value: () => unknown][] {
  const own: [string, () => unknown][] = [[`request.${turn.turn}`, () => turn.request]]
  if (turn.plan !== undefined) own.push([`plan.${turn.turn}.${turn.planVersion}`, () => turn.plan])
  if (turn.policies.length > 0) own.push([`policies.${turn.turn}`, () => turn.policies])
  if (turn.answer !== undefined) own.push([`answer.${turn.turn}`, () => turn.answer])
  if (turn.phase === 'ended') own.push([`ended.${turn.turn}`, () => endedOf(turn, stored)])
  return own
}

/** The output of a step that succeeded, also of a turn that has ended. */
export function readOutcome(
  read: ReadPart,
  tagOf: TagOf,
  { turn, stepId, step }: { turn: number; stepId: string; step: StepState },
): Promise<StepOutcome> {
  const part = outcomePart(turn, stepId, step)
  return read(nameOf(part, tagOf(part)), Outcome)
}

export type ReadPart = <T extends z.ZodType>(name: string, schema: T) => Promise<z.infer<T>>

interface Reading {
  read: ReadPart
  /** The tag of every part that was referred to, whether it was read or not. */
  tags: Map<string, string>
}

/** Puts a session together again from its head and its parts. Outcomes of ended turns stay where they are. */
export async function fromHead(
  head: Omit<SessionHead, 'commit'> & { commit?: string },
  read: ReadPart,
): Promise<{ state: SessionState; tags: ReadonlyMap<string, string> }> {
  const { turns, outbox, version: _version, commit: _commit, dropped: _dropped, user, ...rest } = head
  const reading = { read, tags: new Map<string, string>() }
  const loadedTurns = await Promise.all(turns.map((turn) => fromTurnHead(turn, reading)))
  const session = { sessionId: head.sessionId, turns: loadedTurns }
  const loadedOutbox = await Promise.all(
    outbox.map(async (batch) => {
      if ('events' in batch) return { epoch: batch.epoch, events: batch.events.map((event) => wholeEvent(event, session)) }
      const { epoch, firstSeq, tag } = batch
      return { epoch, events: await read(noteTag(reading, `events.${epoch}.${firstSeq}`, tag), Events) }
    }),
  )
  return { state: { ...rest, user, turns: loadedTurns, outbox: loadedOutbox }, tags: reading.tags }
}

/** Remembers a part's tag, which the next commit needs; returns the name the part is stored under. */
function noteTag({ tags }: Reading, part: string, tag = ''): string {
  tags.set(part, tag)
  return nameOf(part, tag)
}

async function fromTurnHead(head: z.infer<typeof TurnHead>, reading: Reading): Promise<TurnState> {
  const { hasPolicies, hasAnswer, tags, steps, approvals, endedAtMs, ...rest } = head
  const readOwn = <T extends z.ZodType>(part: string, schema: T) => reading.read(noteTag(reading, part, tags[part]), schema)
  const [request, plan, policies, answer, ended] = await Promise.all([
    readOwn(`request.${head.turn}`, SubmitTurn),
    head.planVersion > 0 ? readOwn(`plan.${head.turn}.${head.planVersion}`, WorkflowPlan) : undefined,
    hasPolicies ? readOwn(`policies.${head.turn}`, Policies) : [],
    hasAnswer ? readOwn(`answer.${head.turn}`, TurnAnswer) : undefined,
    steps === undefined ? readOwn(`ended.${head.turn}`, Ended) : { steps, approvals: approvals ?? [] },
  ])
  const [loadedSteps, loadedApprovals] = await Promise.all([
    Promise.all(Object.entries(ended.steps).map((entry) => fromStepEntry(head, entry, reading))),
    Promise.all(ended.approvals.map((approval) => fromApprovalHead(approval, reading))),
  ])
  const loaded = { steps: Object.fromEntries(loadedSteps), approvals: loadedApprovals }
  return { ...rest, endedAtMs, request, plan, policies, answer, ...loaded }
}

async function fromStepEntry(
  { turn, phase }: z.infer<typeof TurnHead>,
  [stepId, step]: [string, z.infer<typeof StepHead>],
  reading: Reading,
): Promise<[string, StepState]> {
  if (step.checkpointTag !== undefined) {
    const { state } = await reading.read(noteTag(reading, checkpointPart(turn, stepId, step), step.checkpointTag), Checkpoint)
    return [stepId, fromStepHead(step, { checkpoint: state, outcome: undefined })]
  }
  if (step.status !== 'succeeded' || step.outcome !== undefined)
    return [stepId, fromStepHead(step, { checkpoint: undefined, outcome: step.outcome })]
  const name = noteTag(reading, outcomePart(turn, stepId, step), step.outcomeTag)
  const outcome = phase === 'ended' ? undefined : await reading.read(name, Outcome)
  return [stepId, fromStepHead(step, { checkpoint: undefined, outcome })]
}

async function fromApprovalHead(head: z.infer<typeof ApprovalHead>, reading: Reading): Promise<ApprovalState> {
  const { deadlineMs, remindAtMs, snoozedUntilMs, decision, questionTag, ...rest } = head
  const name = noteTag(reading, questionPart(head), questionTag)
  const { impact, policy, suggestion, ...question } = await reading.read(name, ApprovalQuestion)
  return { ...rest, deadlineMs, remindAtMs, snoozedUntilMs, decision, question: { ...question, impact, policy, suggestion } }
}

function toTurnHead(turn: TurnState, stored: StoredParts): z.input<typeof TurnHead> {
  const { request: _request, plan: _plan, policies, answer, steps: _steps, approvals: _approvals, endedAtMs, ...rest } = turn
  return {
    ...rest,
    hasPolicies: policies.length > 0,
    hasAnswer: answer !== undefined,
    tags: Object.fromEntries(ownPartsOf(turn, stored).map(([part]) => [part, stored.tagOf(part)])),
    ...(endedAtMs === undefined ? {} : { endedAtMs }),
    ...(turn.phase === 'ended' ? {} : endedOf(turn, stored)),
  }
}

function endedOf(turn: TurnState, stored: StoredParts): z.input<typeof Ended> {
  const { steps, approvals } = turn
  return {
    steps: Object.fromEntries(
      Object.entries(steps).map(([id, step]) => [id, toStepHead(step, outcomeOrTag(turn, [id, step], stored))]),
    ),
    approvals: approvals.map(({ question: _, ...head }) => ({ ...head, questionTag: stored.tagOf(questionPart(head)) })),
  }
}

/** What the head keeps of a step's outcome or checkpoint: the outcome itself, or the tag of the part that holds either. */
function outcomeOrTag(turn: TurnState, [stepId, step]: [string, StepState], stored: StoredParts): StepParts {
  const { tagOf } = stored
  if (isOutcomeInHead(turn, [stepId, step], stored)) return { outcome: step.outcome }
  if (step.status === 'succeeded') return { outcomeTag: tagOf(outcomePart(turn.turn, stepId, step)) }
  return hasCheckpoint(turn, step) ? { checkpointTag: tagOf(checkpointPart(turn.turn, stepId, step)) } : {}
}

type StepParts = Pick<z.input<typeof StepHead>, 'outcome' | 'outcomeTag' | 'checkpointTag'>

/** Nothing goes on from a checkpoint once the turn has ended. */
function hasCheckpoint({ phase }: TurnState, { status, checkpoint }: StepState): boolean {
  return phase !== 'ended' && status !== 'succeeded' && checkpoint !== undefined
}

function toStepHead(
  { outcome: _outcome, checkpoint: _checkpoint, ...head }: StepState,
  parts: StepParts,
): z.input<typeof StepHead> {
  return {
    ...head,
    attempt: head.attempt || undefined,
    interruptions: head.interruptions || undefined,
    revision: head.revision || undefined,
    epoch: head.epoch || undefined,
    notBeforeMs: head.notBeforeMs || undefined,
    deadlineMs: head.deadlineMs || undefined,
    usage: head.usage.length === 0 ? undefined : head.usage,
    checkpointCount: head.checkpointCount || undefined,
    progressCount: head.progressCount || undefined,
    decisions: head.decisions.length === 0 ? undefined : head.decisions,
    isReused: head.isReused || undefined,
    ...parts,
  }
}

function fromStepHead(head: z.infer<typeof StepHead>, loaded: Pick<StepState, 'checkpoint' | 'outcome'>): StepState {
  const {
    agentVersion,
    startedAtMs,
    endedAtMs,
    problem,
    approvalId,
    approvedHash,
    found,
    child,
    shareUsd,
    outcome: _,
    outcomeTag: __,
    checkpointTag: ___,
    ...rest
  } = head
  const known = child === undefined ? undefined : { waitsSinceMs: undefined, ...child }
  return {
    ...rest,
    agentVersion,
    startedAtMs,
    endedAtMs,
    problem,
    approvalId,
    approvedHash,
    found,
    child: known,
    shareUsd,
    ...loaded,
  }
}
