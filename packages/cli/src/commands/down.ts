import type { Command } from 'commander'
import { CliError } from '../cli-error.ts'
import { readCliSettings } from '../cli-settings.ts'
import { dataPaths } from '../supervisor/data-paths.ts'
import { endAgents, endLeftAgents, runningAgents } from './agent/agent-record.ts'
import { areGone, endOrphans } from '../supervisor/end-orphans.ts'
import { readMeshRecord } from '../supervisor/mesh-file.ts'
import { readLockOwner } from '../supervisor/mesh-lock.ts'

/** Somewhat longer than the end of the agents beside the mesh and of all its stages in order can take. */
const stopTimeoutMs = 80_000

export function registerDown(program: Command): void {
  program
    .command('down')
    .description('end the mesh in order and wait until nothing of it runs')
    .option('--json', 'answer as JSON')
    .action(async ({ json = false }: { json?: boolean }) => {
      const answer = await endMesh(readCliSettings().dataFolder)
      console.log(json ? JSON.stringify(answer) : describeEnd(answer))
    })
}

interface MeshEnd {
  wasRunning: boolean
  /** How many processes of a killed supervisor, or of a killed `weft agent run`, were ended. */
  orphansEnded: number
  /** The agents beside the mesh that ended with it. */
  agentsEnded: string[]
}

async function endMesh(dataFolder: string): Promise<MeshEnd> {
  const paths = dataPaths(dataFolder)
  const owner = readLockOwner(paths.lockFile)
  const agents = runningAgents(paths.run)
  if (owner !== undefined) {
    process.kill(owner.pid, 'SIGTERM')
    if (!(await areGone([owner], stopTimeoutMs))) {
      throw new CliError(
        'still_running',
        `the mesh (process ${owner.pid}) has not ended within ${stopTimeoutMs / 1000} s; run npx weft down again to end it at once`,
      )
    }
  }
  // Without a supervisor nobody else ends them.
  if (owner === undefined) await endAgents(paths.run)
  const orphansEnded = (await endOrphans(readMeshRecord(paths.meshFile))) + (await endLeftAgents(paths.run))
  const left = runningAgents(paths.run)
  return { wasRunning: owner !== undefined, orphansEnded, agentsEnded: agents.filter((agent) => !left.includes(agent)) }
}

function describeEnd({ wasRunning, orphansEnded, agentsEnded }: MeshEnd): string {
  const beside = agentsEnded.length === 0 ? '' : `, and with it the agents beside it: ${agentsEnded.join(', ')}`
  if (orphansEnded > 0) return `stopped${beside}; ended ${orphansEnded} processes whose supervisor was gone`
  return wasRunning || agentsEnded.length > 0 ? `stopped${beside}` : 'nothing was running'
}
