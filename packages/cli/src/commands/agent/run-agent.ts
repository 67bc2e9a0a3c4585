import { z } from 'zod'
import { CliError, exitCodes } from '../../cli-error.ts'
import { type CliSettings, readCliSettings } from '../../cli-settings.ts'
import { onStopSignal } from '../../on-stop-signal.ts'
import { dataPaths } from '../../supervisor/data-paths.ts'
import type { MeshRecord } from '../../supervisor/mesh-file.ts'
import type { ProcessSnapshot } from '../../supervisor/process-snapshot.ts'
import { openRotatingLog, type RotatingLog } from '../../supervisor/rotating-log.ts'
import { isSupervisorLine, SupervisedProcess } from '../../supervisor/supervised-process.ts'
import type { ClientContext } from '../client/connect-mesh.ts'
import { agentTaken, takeAgentLock } from './agent-lock.ts'
import { type AgentSpecs, type AgentWish, agentSpecs, requireMesh } from './agent-processes.ts'
import { lookForMesh, outlastMesh } from './await-mesh.ts'
import { type AgentPlace, endLeftAgent, removeAgentRecord, writeAgentRecord } from './agent-record.ts'

const readyTimeoutMs = 60_000
const hopelessAfterFailures = 3
const pollMs = 100
/** How long an agent waits for a mesh that was killed to come back. */
const meshPatienceMs = 300_000
const meshPollMs = 2_000
/** Unregisters the agent. Failing is harmless: the mesh may be down by now, and it also notices by itself that an agent is gone. */
const leavingTimeoutMs = 3_000

const Agents = z.object({ data: z.array(z.looseObject({ id: z.string(), isBuiltIn: z.boolean(), isReachable: z.boolean() })) })
const Registered = z.looseObject({
  id: z.string(),
  card: z.looseObject({ capabilities: z.array(z.looseObject({ name: z.string() })) }),
})

/**
 * Runs an agent until it is told to stop. Its program and sidecar are started again when they end, and it is unregistered at the end. Processes of the agent that are
 * left of a killed command are ended first.
 */
export async function runAgent(context: ClientContext, wish: AgentWish): Promise<void> {
  const { appId } = wish
  const settings = readCliSettings()
  const joined = requireMesh(settings)
  const place = { run: dataPaths(settings.dataFolder).run, appId }
  const release = takeAgentLock(place.run, { appId, url: context.mesh.url })
  try {
    const left = await endLeftAgent(place)
    if (left > 0) context.terminal.note(`ended ${left} processes that an earlier weft agent run had left behind`)
    await refuseTakenName(context, appId)
    await runBesideMesh(context, { settings, joined, place, specs: await agentSpecs(settings, wish) })
  } finally {
    release()
  }
}

interface AgentRun {
  settings: CliSettings
  /** The mesh as it was when the agent joined. */
  joined: MeshRecord
  place: AgentPlace
  specs: AgentSpecs
}

async function runBesideMesh(
  { mesh, terminal, isJson }: ClientContext,
  { settings, joined, place, specs }: AgentRun,
): Promise<void> {
  const { appId } = place
  const sidecarLog = openRotatingLog(`${dataPaths(settings.dataFolder).logs}/${appId}-daprd.log`)
  const register = async () => Registered.parse(await mesh.client.post('/agents', { body: { appId } }))
  const changed = (snapshot: ProcessSnapshot) => {
    tell(terminal, snapshot)
    try {
      writeAgentRecord(place, [program.snapshot(), sidecar.snapshot()])
    } catch (cause) {
      // A full disk must not end the command and leave its processes behind; the next change writes it again.
      terminal.note(`where ${appId} runs was not written down: ${String(cause)}`)
    }
  }
  let isJoined = false
  const program = new SupervisedProcess(specs.program, {
    log: terminalLog(),
    restartDelayMsMax: settings.restartDelayMsMax,
    onChange: (snapshot) => {
      changed(snapshot)
      // Registered again, because a program that was started again may have another card.
      if (isJoined && snapshot.state === 'ready')
        register().catch((cause: unknown) => terminal.note(`not registered: ${String(cause)}`))
    },
  })
  const sidecar = new SupervisedProcess(specs.sidecar, { log: sidecarLog, onChange: changed })
  const leaving = new AbortController()
  const told = stopSignal(() => {
    for (const one of [program, sidecar]) one.kill()
  })
  void told.then(() => leaving.abort())
  try {
    program.start()
    sidecar.start()
    if (!(await waitUntilReady([program, sidecar], told))) return
    const agent = await register()
    isJoined = true
    terminal.note(`${appId} joined the mesh: ${agent.card.capabilities.map(({ name }) => name).join(', ')}. Ctrl-C ends it.`)
    if (isJson) terminal.printJson(agent)
    const lost = await outlastMesh({
      startedAt: joined.startedAt,
      look: () => lookForMesh(dataPaths(settings.dataFolder).meshFile, joined),
      onGone: () => terminal.note(`the mesh at ${mesh.url} is gone; ${appId} waits ${meshPatienceMs / 60_000} minutes for it`),
      onBack: () => {
        terminal.note(`the mesh at ${mesh.url} was started again: ${appId} joins it`)
        // Its sidecar is known to the mesh that was there before.
        sidecar.restart()
      },
      signal: leaving.signal,
      patienceMs: meshPatienceMs,
      pollMs: meshPollMs,
    })
    if (lost !== 'there') throw meshLost(appId, lost)
    terminal.note(`${appId} leaves the mesh`)
    await mesh.client
      .delete(`/agents/${appId}`, { timeout: leavingTimeoutMs, maxRetries: 0 })
      .catch((cause: unknown) => terminal.note(`not unregistered: ${String(cause)}`))
  } finally {
    isJoined = false
    await program.stop()
    await sidecar.stop()
    removeAgentRecord(place)
  }
}

async function refuseTakenName({ mesh }: ClientContext, appId: string): Promise<void> {
  const { data } = Agents.parse(await mesh.client.get('/agents'))
  const known = data.find(({ id }) => id === appId)
  if (known?.isBuiltIn) throw new CliError('agent_taken', `"${appId}" is an agent of the mesh itself: choose another --app-id`)
  if (known?.isReachable) throw agentTaken(appId)
}

/** Waits until both processes are ready. Resolves to false when it was told to stop before. Throws when one of them cannot become ready. */
async function waitUntilReady(processes: SupervisedProcess[], told: Promise<void>): Promise<boolean> {
  let end: 'ready' | 'stopped' | undefined
  void Promise.all(processes.map((one) => one.firstReady)).then(() => {
    end ??= 'ready'
  })
  void told.then(() => {
    end ??= 'stopped'
  })
  const deadlineMs = Date.now() + readyTimeoutMs
  while (end === undefined) {
    const late = processes.find((one) => one.failuresBeforeReady >= hopelessAfterFailures || Date.now() > deadlineMs)
    if (late !== undefined) throw notReady(late)
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
  return end === 'ready'
}

function notReady(late: SupervisedProcess): CliError {
  const { spec, failuresBeforeReady } = late
  const { lastExit } = late.snapshot()
  const port = spec.ports.app
  const what =
    failuresBeforeReady >= hopelessAfterFailures
      ? `ended ${failuresBeforeReady} times before it was ready${lastExit === undefined ? '' : `: ${lastExit}`}`
      : `did not answer ${port === undefined ? '' : `GET http://127.0.0.1:${port}/card `}within ${readyTimeoutMs / 1_000} s`
  return new CliError('agent_not_ready', `${spec.name} ${what}`)
}

function meshLost(appId: string, state: 'gone' | 'moved'): CliError {
  const why = state === 'moved' ? 'came back at other ports' : `has been gone for ${meshPatienceMs / 60_000} minutes`
  return new CliError('mesh_not_up', `the mesh ${why}, and ${appId} was ended: run it again once the mesh is up`, {
    exitCode: exitCodes.meshNotUp,
  })
}

/** The first signal ends everything in order, a second one at once. */
function stopSignal(endAtOnce: () => void): Promise<void> {
  return new Promise((resolve) => {
    let count = 0
    const hear = () => {
      count += 1
      if (count > 1) endAtOnce()
      resolve()
    }
    onStopSignal(hear)
  })
}

/**
 * A log that shows on standard error what the program writes, and in words what is logged about it ({@link tell}). Standard output is for the command's own
 * answer.
 */
function terminalLog(): RotatingLog {
  return {
    write: (chunk) => {
      if (!isSupervisorLine(String(chunk))) process.stderr.write(chunk)
    },
    close: () => {},
  }
}

function tell({ note }: ClientContext['terminal'], { name, state, lastExit }: ProcessSnapshot): void {
  if (state === 'restarting') note(`${name} ${lastExit ?? 'ended'}; it is started again`)
  if (state === 'silent') note(`${name} answers nothing; after a while it is started again`)
}
