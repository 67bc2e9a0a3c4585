import { z } from 'zod'

export const sharedMeshVariable = 'WEFT_TEST_MESH'

const SharedMesh = z.object({ url: z.string(), port: z.number(), dataFolder: z.string(), apiKey: z.string() })
export type SharedMesh = z.infer<typeof SharedMesh>

/** The mesh that was started for this run of tests. */
export function sharedMesh(): SharedMesh {
  return SharedMesh.parse(JSON.parse(process.env[sharedMeshVariable] ?? '{}'))
}
