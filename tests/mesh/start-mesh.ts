import { join } from 'node:path'
import { freePorts, startTestMesh } from './running-mesh.ts'
import { sharedMeshVariable } from './shared-mesh.ts'

/**
 * One mesh for all tests of this run; each test uses its own stores and sessions. The ports of the model servers, of the span receiver and
 * of the mail server are fixed here, so that the mesh knows them; the tests that need such a server start it there.
 */
export default async function startSharedMesh(): Promise<void> {
  const [meshPort, openAiPort, anthropicPort, spansPort, mailPort] = await freePorts(5)
  const mesh = await startTestMesh({
    WEFT_PORT: String(meshPort),
    OPENAI_BASE_URL: `http://127.0.0.1:${openAiPort}/v1`,
    OPENAI_API_KEY: 'test-key',
    ANTHROPIC_BASE_URL: `http://127.0.0.1:${anthropicPort}`,
    ANTHROPIC_API_KEY: 'test-key',
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${spansPort}`,
    WEFT_SMTP_URL: `smtp://127.0.0.1:${mailPort}`,
    WEFT_OUTBOUND_PRIVATE_HOSTS: '127.0.0.1',
    // One of its own: images are read long after they came, and a model that failed too often is left alone.
    WEFT_VISION_MODEL: 'openai/reader-of-images',
    WEFT_ANSWER_CACHE: 'exact',
    WEFT_APPROVAL_POLICIES: join(import.meta.dirname, 'approval-policies.yaml'),
  })
  const { url, port, dataFolder, apiKey } = mesh
  const ports = { openAiPort, anthropicPort, spansPort, mailPort }
  process.env[sharedMeshVariable] = JSON.stringify({ url, port, dataFolder, apiKey, ...ports })
  Reflect.set(globalThis, sharedMeshVariable, mesh)
}
