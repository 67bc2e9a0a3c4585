import type { Command } from 'commander'
import { CliError } from '../cli-error.ts'
import { readCliSettings } from '../cli-settings.ts'
import { dataPaths } from '../supervisor/data-paths.ts'
import { endLeftAgents } from './agent/agent-record.ts'
import { areGone, endOrphans } from '../supervisor/end-orphans.ts'
import { readMeshRecord } from '../supervisor/mesh-file.ts'
import { readLockOwner } from '../supervisor/mesh-lock.ts'

/** Somewhat longer than the end of all stages in order can take. */
const stopTimeoutMs = 60_000

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
}

async function endMesh(dataFolder: string): Promise<MeshEnd> {
  const paths = dataPaths(dataFolder)
  const owner = readLockOwner(paths.lockFile)
  if (owner !== undefined) {
    process.kill(owner.pid, 'SIGTERM')
    if (!(await areGone([owner], stopTimeoutMs))) {
      throw new CliError(
        'still_running',
        `the mesh (process ${owner.pid}) has not ended within ${stopTimeoutMs / 1000} s; run npx weft down again to end it at once`,
      )
    }
  }
  const orphansEnded = (await endOrphans(readMeshRecord(paths.meshFile))) + (await endLeftAgents(paths.run))
  return { wasRunning: owner !== undefined, orphansEnded }
}

function describeEnd({ wasRunning, orphansEnded }: MeshEnd): string {
  if (orphansEnded > 0) return `stopped; ended ${orphansEnded} processes whose supervisor was gone`
  return wasRunning ? 'stopped' : 'nothing was running'
}
