import { startTestMesh } from './running-mesh.ts'
import { sharedMeshVariable } from './shared-mesh.ts'

/** One mesh for all tests of this run; each test uses its own stores and sessions. */
export default async function startSharedMesh(): Promise<void> {
  const mesh = await startTestMesh()
  const { url, port, dataFolder, apiKey } = mesh
  process.env[sharedMeshVariable] = JSON.stringify({ url, port, dataFolder, apiKey })
  Reflect.set(globalThis, sharedMeshVariable, mesh)
}
