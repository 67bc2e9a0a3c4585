import type { StepState } from './session-state.ts'

/** What an event says of who did a step's last attempt. */
export function versionOf({ agentVersion }: StepState): { agentVersion?: string } {
  return agentVersion === undefined ? {} : { agentVersion }
}
