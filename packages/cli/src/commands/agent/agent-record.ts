import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isCopied, parseJson } from '@weft/contracts'
import { z } from 'zod'
import { areGone, endOrphans } from '../../supervisor/end-orphans.ts'
import { readLockOwner } from '../../supervisor/mesh-lock.ts'
import { ProcessSnapshot } from '../../supervisor/process-snapshot.ts'
import { readReplaced, replaceFile } from '../../supervisor/replace-file.ts'
import { isRunning } from '../../supervisor/running-process.ts'

/** Somewhat longer than an agent's program, its sidecar and its leave of the mesh can take to end in order. */
const graceMs = 18_000
const killedMs = 5_000

const AgentRecord = z.object({ processes: z.array(ProcessSnapshot), writtenAs: z.string() })

/** An agent beside the mesh that keeps what concerns its running in the folder `run`. */
export interface AgentPlace {
  run: string
  appId: string
}

export function agentLockFile({ run, appId }: AgentPlace): string {
  return join(run, `agent-${appId}.lock`)
}

/** Writes down an agent's program and sidecar, so that they are found should the command that runs them be killed. */
export function writeAgentRecord(place: AgentPlace, processes: ProcessSnapshot[]): void {
  const file = recordFile(place)
  replaceFile(file, `${JSON.stringify({ processes, writtenAs: file })}\n`)
}

export function removeAgentRecord(place: AgentPlace): void {
  rmSync(recordFile(place), { force: true })
}

/** Ends what is left of an agent; only for whoever knows that no command runs it. Answers how many processes there were. */
export async function endLeftAgent(place: AgentPlace): Promise<number> {
  const file = recordFile(place)
  const text = readReplaced(file)
  if (text === undefined) return 0
  const record = parseJson(AgentRecord, text, file)
  const ended = await endOrphans(isCopied(file, record.writtenAs) ? undefined : record)
  removeAgentRecord(place)
  return ended
}

/** Ends what is left of every agent whose command was killed. */
export async function endLeftAgents(run: string): Promise<number> {
  const counts = agentsIn(run).map((appId) => {
    const place = { run, appId }
    return readLockOwner(agentLockFile(place)) === undefined ? endLeftAgent(place) : 0
  })
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
}

/** The agents beside the mesh whose commands run. */
export function runningAgents(run: string): string[] {
  return agentsIn(run).filter((appId) => readLockOwner(agentLockFile({ run, appId })) !== undefined)
}

/** Has the commands of all agents end in order, and at once what has not ended then. Resolves when none runs, and never rejects. */
export async function endAgents(run: string): Promise<void> {
  const owners = agentsIn(run).flatMap((appId) => readLockOwner(agentLockFile({ run, appId })) ?? [])
  const tell = (): void => {
    for (const owner of owners) {
      try {
        if (isRunning(owner)) process.kill(owner.pid, 'SIGTERM')
      } catch {
        // It has ended meanwhile, or is another user's, who ends it.
      }
    }
  }
  tell()
  if (await areGone(owners, graceMs)) return
  tell()
  await areGone(owners, killedMs)
}

function agentsIn(run: string): string[] {
  try {
    return [...new Set(readdirSync(run).flatMap((name) => /^agent-(.+)\.(?:json|lock)$/.exec(name)?.[1] ?? []))]
  } catch {
    // Nothing ever ran with this data folder.
    return []
  }
}

function recordFile({ run, appId }: AgentPlace): string {
  return join(run, `agent-${appId}.json`)
}
