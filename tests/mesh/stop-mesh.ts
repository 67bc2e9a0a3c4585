import { sharedMeshVariable } from './shared-mesh.ts'

export default async function stopSharedMesh(): Promise<void> {
  await Reflect.get(globalThis, sharedMeshVariable)?.stop()
}
