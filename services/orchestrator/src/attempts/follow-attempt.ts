import {
  AgentEvent,
  agentLimits,
  isTerminalAgentEvent,
  isTooDeep,
  jsonDepthMax,
  type NeedsApprovalEvent,
  type Problem,
  parseJson,
  startOfText,
  type TerminalAgentEvent,
  toWeftError,
  type Usage,
  WeftError,
} from '@weft/contracts'
import { readLines } from '@weft/mesh'
import type { AttemptOutcome, SessionInput } from '../core/session-input.ts'
import type { StepRef } from '../core/session-state.ts'

/** What an attempt reports while it runs. */
export interface AttemptSink {
  text(delta: string, offset: number): void
  apply(input: SessionInput): Promise<void>
}

export interface FollowedAttempt {
  agent: string
  ref: StepRef
  sink: AttemptSink
}

/** What an agent answers; `destroy` closes its connection. */
export type AnswerBody = AsyncIterable<Uint8Array> & { destroy?(): unknown }

/** How long an answer may go on after its result before its connection is closed. */
const afterResultMs = 1_000

/** How an attempt ended, what it cost, and which version of the agent did it, if that told so. */
export interface AttemptEnd {
  outcome: AttemptOutcome
  usage: Usage[]
  agentVersion?: string | undefined
}

/**
 * Reads an agent's NDJSON answer until it says how the attempt ended. The rest is read for up to a second in the background, so that the connection can
 * serve another attempt. Throws `upstream_error` when the answer ends without a result, `invalid_request` when a line is no event of an agent's; the
 * connection is closed then.
 */
export async function followAttempt({ agent, ref, sink }: FollowedAttempt, body: AnswerBody): Promise<AttemptEnd> {
  const usage: Usage[] = []
  const text = textAtOffsets(sink)
  const lines = readLines(body)
  const next = () => lines.next().catch((cause: unknown) => Promise.reject(brokenOff(agent, cause)))
  try {
    for (let line = await next(); line.done !== true; line = await next()) {
      const event = readEvent(agent, line.value)
      if (isTerminalAgentEvent(event)) {
        text.end()
        void drain(lines, body)
        return { outcome: outcomeOf(agent, event), usage, agentVersion: event.agentVersion }
      }
      if (event.type === 'usage') usage.push(usageOf(event))
      else if (event.type === 'text') text.push(event.delta)
      else await report({ agent, ref, sink }, event, line.value)
    }
  } catch (cause) {
    lines.return(undefined).catch(() => undefined)
    throw cause
  }
  throw new WeftError('upstream_error', `${agent} ended its answer without a result`, { isRetryable: true })
}

/** Refuses what nests too deeply, because the engine writes and compares agents' outputs with code that recurses. */
function readEvent(agent: string, line: string): AgentEvent {
  // A level takes two characters, so that a short line cannot be too deep.
  if (line.length > 2 * jsonDepthMax && isTooDeep(Buffer.from(line)))
    throw new WeftError('upstream_error', `the answer of ${agent} nests deeper than ${jsonDepthMax} levels`)
  return parseJson(AgentEvent, line, `the answer of ${agent}`)
}

function brokenOff(agent: string, cause: unknown): WeftError {
  const { message, isRetryable } = toWeftError(cause)
  const mayGoWell = isRetryable || !(cause instanceof WeftError)
  return new WeftError('upstream_error', `the answer of ${agent} broke off: ${message}`, { cause, isRetryable: mayGoWell })
}

/** Reads the rest of an answer whose result is there; the loss of the connection no longer matters. */
async function drain(lines: AsyncIterator<string>, body: AnswerBody): Promise<void> {
  const closing = setTimeout(() => body.destroy?.(), afterResultMs)
  try {
    while ((await lines.next()).done !== true);
  } catch {
    // Nothing in the rest would count.
  } finally {
    clearTimeout(closing)
  }
}

/**
 * Passes text on with its offset, never cut inside a character: the first half of a surrogate pair waits for the other half, because alone it would not
 * survive the broker's JSON.
 */
function textAtOffsets(sink: Pick<AttemptSink, 'text'>) {
  let offset = 0
  let held = ''
  const say = (text: string) => {
    if (text === '') return
    sink.text(text, offset)
    offset += text.length
  }
  return {
    push(delta: string) {
      const text = held + delta
      const end = /[\uD800-\uDBFF]$/.test(text) ? text.length - 1 : text.length
      held = text.slice(end)
      say(text.slice(0, end))
    },
    end: () => say(held),
  }
}

function usageOf({ model, inputTokens, outputTokens, costUsd, measured }: Usage): Usage {
  return { model, inputTokens, outputTokens, costUsd, measured }
}

/** Hands progress and checkpoints to the session; a tool call counts as progress. */
async function report(work: FollowedAttempt, event: Exclude<AgentEvent, TerminalAgentEvent>, line: string): Promise<void> {
  if (event.type === 'progress')
    await work.sink.apply({ type: 'progress', ...work.ref, message: messageOf(event.message), fraction: event.fraction })
  if (event.type === 'tool_call')
    await work.sink.apply({ type: 'progress', ...work.ref, message: messageOf(`tool ${event.name}`), fraction: undefined })
  if (event.type !== 'checkpoint') return
  // A checkpoint becomes part of the session's state, which is loaded as a whole.
  const bytes = Buffer.byteLength(line)
  if (bytes > agentLimits.checkpointBytesMax) throw tooLarge(work.agent, bytes)
  await work.sink.apply({ type: 'checkpoint', ...work.ref, state: event.state })
}

function tooLarge(agent: string, bytes: number): WeftError {
  const message = `${agent} sent a checkpoint of ${bytes} bytes, more than ${agentLimits.checkpointBytesMax}: keep what is large elsewhere, and its name here`
  return new WeftError('upstream_error', message, { isRetryable: false })
}

/** Messages are kept in the log, and shown on one line: of a longer one the beginning. */
function messageOf(text: string): string {
  const { messageCharsMax } = agentLimits
  return text.length <= messageCharsMax ? text : `${startOfText(text, messageCharsMax - 1)}…`
}

function outcomeOf(agent: string, event: TerminalAgentEvent): AttemptOutcome {
  switch (event.type) {
    case 'result': {
      const { output, citations, confidence, steps = [] } = event
      return { kind: 'succeeded', output, citations, confidence, ...(steps.length === 0 ? {} : { steps }) }
    }
    case 'needs_approval':
      return needsApproval(agent, event)
    case 'error':
      return { kind: 'failed', problem: problemOf(agent, event) }
  }
}

/** A client is told with its own code that its budget or limit was exceeded; every other code is an affair of the agent's and becomes `upstream_error`. */
function problemOf(agent: string, { code, message, isRetryable }: Extract<TerminalAgentEvent, { type: 'error' }>): Problem {
  const said = message.trim() === '' ? `${agent} does not say why` : message
  if (code === 'budget_exceeded' || code === 'rate_limit_exceeded') return { code, message: messageOf(said), isRetryable }
  return { code: 'upstream_error', message: messageOf(`${code.trim() || 'failed'}: ${said}`), isRetryable }
}

/** Unlike a message, a question is never cut: an approver would agree to what was not shown. */
function needsApproval(agent: string, question: NeedsApprovalEvent): AttemptOutcome {
  const excess = excessOf(question)
  if (excess !== undefined) {
    const message = `${agent} asks for an approval with ${excess}`
    return { kind: 'failed', problem: { code: 'upstream_error', message, isRetryable: false } }
  }
  const { reason, action, args, risk } = question
  return { kind: 'needs_approval', reason, action, args, ...(risk === undefined ? {} : { risk }) }
}

/** What of a question is more than an approver can be shown; undefined where nothing is. */
function excessOf({ reason, action, args }: NeedsApprovalEvent): string | undefined {
  const { messageCharsMax, argsBytesMax } = agentLimits
  if (reason.length > messageCharsMax) return `a reason of ${reason.length} characters, more than ${messageCharsMax}`
  if (action.length > messageCharsMax)
    return `an action of ${action.length} characters, more than ${messageCharsMax}: what is long belongs into its args`
  const bytes = Buffer.byteLength(JSON.stringify(args) ?? '')
  if (bytes <= argsBytesMax) return undefined
  return `args of ${bytes} bytes, more than ${argsBytesMax}: keep what is large elsewhere, and its name here`
}
