/** What is run: a chain of empty steps, or one step, many at once, and one more. */
export interface Shape {
  chain?: number
  fanOut?: number
  /** How long each step of the chain, or each of the many, takes at the agent. */
  delayMs?: number
  /** Weft's alone: a person has to approve the first step; the answer is not waited for. */
  isAsked?: boolean
  isBackground?: boolean
  /** In this session, as its next turn. */
  sessionId?: string
  /** The agent a peer's steps call. */
  agentUrl?: string
}

/** An orchestrator in its own documented durable set-up. */
export interface Contender {
  name: string
  /** What one of its steps is. */
  step: string
  /** Runs a workflow of this shape to its end. */
  run(shape: Shape): Promise<void>
  stop(): Promise<void>
}
