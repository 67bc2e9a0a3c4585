import { isCopied, parseJson } from '@weft/contracts'
import { z } from 'zod'
import { ProcessSnapshot } from './process-snapshot.ts'
import { readReplaced, replaceFile } from './replace-file.ts'
import { ProcessIdentity } from './running-process.ts'

/** What the supervisor writes down at every change, so that others find the mesh, and its orphans should it be killed. */
export const MeshRecord = z.object({
  supervisor: ProcessIdentity,
  url: z.string(),
  startedAt: z.string(),
  /** Every process was ready once, and none is missing now. */
  ready: z.boolean(),
  processes: z.array(ProcessSnapshot),
  /** Chosen ports by `process.purpose`, taken again at the next start when still free. */
  ports: z.record(z.string(), z.number().int()),
  /** Where it was written: in a copy of the data folder it tells of the mesh that the copy was taken from. */
  writtenAs: z.string().optional(),
})
export type MeshRecord = z.infer<typeof MeshRecord>

/** The mesh last started with this data folder, running or not; undefined when none was, also where the folder is a copy of another mesh's. */
export function readMeshRecord(meshFile: string): MeshRecord | undefined {
  const text = readReplaced(meshFile)
  if (text === undefined) return undefined
  const record = parseJson(MeshRecord, text, meshFile)
  return isCopied(meshFile, record.writtenAs) ? undefined : record
}

export function writeMeshRecord(meshFile: string, record: Omit<MeshRecord, 'writtenAs'>): void {
  replaceFile(meshFile, `${JSON.stringify({ ...record, writtenAs: meshFile }, null, 1)}\n`)
}
