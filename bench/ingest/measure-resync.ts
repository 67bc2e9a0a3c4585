import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type RunningMesh, runWeft } from '@weft/tests/mesh/running-mesh.ts'
import { z } from 'zod'
import { generateText } from './generate-text.ts'
import { type Ingestion, measureIngestion } from './measure-ingestion.ts'

const fileBytes = 400
const filesPerFolder = 250
const rounds = 5

export interface ResyncPlace {
  folder: string
  files: number
  embedderUrl: string
  /** Waited for before anything is measured again. */
  quiet(): Promise<void>
}

export interface Resync {
  files: number
  first: Ingestion
  /** Each round's seconds, nothing having changed. */
  againSeconds: number[]
  /** What rounds sent or changed that they should not have. */
  surplus: number
  /** Texts embedded at first, and in the rounds after it. */
  embedded: { first: number; again: number }
}

const Report = z.looseObject({
  added: z.number(),
  changed: z.number(),
  removed: z.number(),
  unchanged: z.number(),
  bytesUploaded: z.number(),
})

/** Writes many small files, syncs them into the mesh, whose embedder is at that URL, and then again and again. */
export async function measureResync(mesh: RunningMesh, place: ResyncPlace): Promise<Resync> {
  const { folder, files, embedderUrl, quiet } = place
  await writeSmallFiles(folder, files)
  const before = await countEmbedded(embedderUrl)
  const first = await measureIngestion(mesh, folder)
  console.log(JSON.stringify({ ...first, processes: Object.fromEntries(first.processes) }))
  const between = await countEmbedded(embedderUrl)
  await quiet()
  let surplus = files - first.added + first.failed
  const againSeconds: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const again = await sync(mesh, folder)
    surplus += files - again.unchanged + again.added + again.changed + again.removed + again.bytesUploaded
    againSeconds.push(again.seconds)
  }
  const embedded = { first: between - before, again: (await countEmbedded(embedderUrl)) - between }
  return { files, first, againSeconds, surplus, embedded }
}

/** Of the files: the text by which the embedder's dimensions are found out does not count. */
async function countEmbedded(url: string): Promise<number> {
  const counts = await (await fetch(`${url}?containing=${mark}`)).json()
  return z.object({ texts: z.int() }).parse(counts).texts
}

const mark = 'Note'

async function writeSmallFiles(folder: string, files: number): Promise<void> {
  for (let number = 0; number < files; number += 1) {
    const place = join(folder, `part-${Math.floor(number / filesPerFolder)}`)
    if (number % filesPerFolder === 0) await mkdir(place)
    await writeFile(join(place, `note-${number}.md`), `# ${mark} ${number}\n\n${generateText(number + 1, fileBytes)}\n`)
  }
}

async function sync(mesh: RunningMesh, folder: string): Promise<z.infer<typeof Report> & { seconds: number }> {
  const environment = { WEFT_PORT: String(mesh.port), WEFT_DATA: mesh.dataFolder, WEFT_API_KEY: mesh.apiKey }
  const startedAtMs = performance.now()
  const run = await runWeft(['ingest', folder, '--json'], environment)
  if (run.code !== 0) throw new Error(`weft ingest ended with ${run.code}: ${run.output.slice(-2_000)}`)
  return { ...Report.parse(JSON.parse(run.stdout)), seconds: (performance.now() - startedAtMs) / 1_000 }
}
