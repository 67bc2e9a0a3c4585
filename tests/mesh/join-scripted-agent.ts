import { type FollowedProgram, followProgram } from './followed-program.ts'
import { freePorts, root, startWeft } from './running-mesh.ts'
import { sharedMesh } from './shared-mesh.ts'

/** scripted-agent.ts joins the shared mesh under this id. */
export async function joinScriptedAgent(id: string, version = '1.0.0'): Promise<FollowedProgram> {
  const [agentPort = 0] = await freePorts(1)
  const { port, dataFolder, apiKey } = sharedMesh()
  const command = [process.execPath, `${root}/tests/mesh/scripted-agent.ts`, id, version]
  const agent = followProgram(
    startWeft(['agent', 'run', '--app-id', id, '--app-port', String(agentPort), '--', ...command], {
      WEFT_PORT: String(port),
      WEFT_DATA: dataFolder,
      WEFT_API_KEY: apiKey,
    }),
  )
  await agent.until(new RegExp(`${id} joined the mesh`), 90_000)
  return agent
}
