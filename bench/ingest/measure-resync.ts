import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type RunningMesh, runWeft } from '@weft/tests/mesh/running-mesh.ts'
import { z } from 'zod'
import { generateText } from './generate-text.ts'

const fileBytes = 400
const filesPerFolder = 250
const rounds = 5
const timeoutMs = 1_800_000

export interface Resync {
  files: number
  firstSeconds: number
  /** Each round's seconds, nothing having changed. */
  againSeconds: number[]
  /** What rounds sent or changed that they should not have. */
  surplus: number
}

const Report = z.looseObject({
  added: z.number(),
  changed: z.number(),
  removed: z.number(),
  unchanged: z.number(),
  bytesUploaded: z.number(),
  failed: z.array(z.unknown()),
})

/** Writes many small files, syncs them into the mesh, and then again and again. */
export async function measureResync(mesh: RunningMesh, folder: string, files: number): Promise<Resync> {
  await writeSmallFiles(folder, files)
  const first = await sync(mesh, folder)
  let surplus = files - first.added + first.failed.length
  const againSeconds: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const again = await sync(mesh, folder)
    surplus += files - again.unchanged + again.added + again.changed + again.removed + again.bytesUploaded
    againSeconds.push(again.seconds)
  }
  return { files, firstSeconds: first.seconds, againSeconds, surplus }
}

async function writeSmallFiles(folder: string, files: number): Promise<void> {
  for (let number = 0; number < files; number += 1) {
    const place = join(folder, `part-${Math.floor(number / filesPerFolder)}`)
    if (number % filesPerFolder === 0) await mkdir(place)
    await writeFile(join(place, `note-${number}.md`), `# Note ${number}\n\n${generateText(number + 1, fileBytes)}\n`)
  }
}

async function sync(mesh: RunningMesh, folder: string): Promise<z.infer<typeof Report> & { seconds: number }> {
  const environment = { WEFT_PORT: String(mesh.port), WEFT_DATA: mesh.dataFolder, WEFT_API_KEY: mesh.apiKey }
  const startedAtMs = performance.now()
  const run = await runWeft(['ingest', folder, '--json'], environment, timeoutMs)
  if (run.code !== 0) throw new Error(`weft ingest ended with ${run.code}: ${run.output.slice(-2_000)}`)
  return { ...Report.parse(JSON.parse(run.stdout)), seconds: (performance.now() - startedAtMs) / 1_000 }
}
