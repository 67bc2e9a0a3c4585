import { CliError } from '../../cli-error.ts'
import { takeMeshLock } from '../../supervisor/mesh-lock.ts'
import { agentLockFile } from './agent-record.ts'

/**
 * Makes this command the only one that runs an agent of this name beside the mesh at `url`, from before the mesh knows of it. Throws `agent_taken`. Answers the
 * release.
 */
export function takeAgentLock(run: string, { appId, url }: { appId: string; url: string }): () => void {
  try {
    return takeMeshLock(agentLockFile({ run, appId }), url)
  } catch (cause) {
    throw cause instanceof CliError && cause.code === 'already_running' ? agentTaken(appId, cause) : cause
  }
}

export function agentTaken(appId: string, cause?: CliError): CliError {
  return new CliError('agent_taken', `an agent "${appId}" is running already: end it first, or choose another --app-id`, {
    cause,
  })
}
