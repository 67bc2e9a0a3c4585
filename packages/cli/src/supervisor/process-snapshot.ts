import { z } from 'zod'

/**
 * `waiting` for another process · `starting` and not ready yet · `ready` · `unready`: it answers that it cannot serve · `silent`: it does not answer · `restarting`: it
 * ended and will be started again · `stopping` · `stopped`.
 */
export const ProcessState = z.enum(['waiting', 'starting', 'ready', 'unready', 'silent', 'restarting', 'stopping', 'stopped'])
export type ProcessState = z.infer<typeof ProcessState>

/** The state of a process of the mesh at a moment. */
export const ProcessSnapshot = z.object({
  name: z.string(),
  pid: z.number().int().positive().optional(),
  startMark: z.string().optional(),
  ports: z.record(z.string(), z.number().int()),
  state: ProcessState,
  restarts: z.number().int(),
  startedAt: z.string().optional(),
  /** Milliseconds from the last start until it was first ready. */
  readyAfterMs: z.number().int().optional(),
  /** How it ended last, in words. */
  lastExit: z.string().optional(),
})
export type ProcessSnapshot = z.infer<typeof ProcessSnapshot>
