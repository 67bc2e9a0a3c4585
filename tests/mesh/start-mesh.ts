import { freePort, startTestMesh } from './running-mesh.ts'
import { sharedMeshVariable } from './shared-mesh.ts'

/**
 * One mesh for all tests of this run; each test uses its own stores and sessions. The ports of the model servers and of the span
 * receiver are fixed here, so that the mesh knows them; the tests that need such a server start it there.
 */
export default async function startSharedMesh(): Promise<void> {
  const [openAiPort, anthropicPort, spansPort] = [await freePort(), await freePort(), await freePort()]
  const mesh = await startTestMesh({
    OPENAI_BASE_URL: `http://127.0.0.1:${openAiPort}/v1`,
    OPENAI_API_KEY: 'test-key',
    ANTHROPIC_BASE_URL: `http://127.0.0.1:${anthropicPort}`,
    ANTHROPIC_API_KEY: 'test-key',
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${spansPort}`,
  })
  const { url, port, dataFolder, apiKey } = mesh
  process.env[sharedMeshVariable] = JSON.stringify({ url, port, dataFolder, apiKey, openAiPort, anthropicPort, spansPort })
  Reflect.set(globalThis, sharedMeshVariable, mesh)
}
