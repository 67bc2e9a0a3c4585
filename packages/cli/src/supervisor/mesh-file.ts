import { isCopied, parseJson } from '@weft/contracts'
import { z } from 'zod'
import { ProcessSnapshot } from './process-snapshot.ts'
import { readReplaced, replaceFile } from './replace-file.ts'
import { ProcessIdentity } from './running-process.ts'

/** What the supervisor writes at every change, so that other commands find the mesh, and also what is left of it when the supervisor was killed. */
export const MeshRecord = z.object({
  supervisor: ProcessIdentity,
  url: z.string(),
  startedAt: z.string(),
  /** Whether every process is ready. */
  ready: z.boolean(),
  processes: z.array(ProcessSnapshot),
  /** The chosen ports by `process.purpose`. The next start takes them again if they are still free. */
  ports: z.record(z.string(), z.number().int()),
  /** The path of the file when it was written. In a copy of the data folder it differs, and the record is about the mesh that was copied. */
  writtenAs: z.string().optional(),
})
export type MeshRecord = z.infer<typeof MeshRecord>

/** The mesh that was started last with this data folder, whether or not it runs. Undefined when none was, or when the folder is a copy of another mesh's. */
export function readMeshRecord(meshFile: string): MeshRecord | undefined {
  const text = readReplaced(meshFile)
  if (text === undefined) return undefined
  const record = parseJson(MeshRecord, text, meshFile)
  return isCopied(meshFile, record.writtenAs) ? undefined : record
}

export function writeMeshRecord(meshFile: string, record: Omit<MeshRecord, 'writtenAs'>): void {
  replaceFile(meshFile, `${JSON.stringify({ ...record, writtenAs: meshFile }, null, 1)}\n`)
}
