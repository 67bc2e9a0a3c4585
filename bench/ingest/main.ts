import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findCollection } from '@weft/retrieval/testing'
import { writeAbstracts } from '@weft/tests/mesh/scifact-claims.ts'
import { startBenchMesh } from '../measuring/bench-mesh.ts'
import { watchLoad } from '../measuring/machine-load.ts'
import { cell, markdownTable } from '../measuring/markdown-table.ts'
import { recordResults } from '../measuring/record-results.ts'
import { type Ingestion, measureIngestion } from './measure-ingestion.ts'
import { measureResync } from './measure-resync.ts'
import { mebibyte, type Written, writeLargeFiles, writeMixture } from './write-folders.ts'

/**
 * `node bench/ingest/main.ts [large] [small] [mixture=<megabytes>] [resync=<files>]`: from `weft ingest` to indexed, on a fresh mesh each; `resync`:
 * again, nothing having changed. Without arguments all four, the mixture with 1,024 MB, 10,000 files. Ends with 1 when a megabyte or a sync takes
 * longer than it may, a file is missing, or a sync without changes changes anything.
 */
const secondsPerMbMax = 2
const resyncSecondsMax = 5

interface Case {
  name: string
  write(folder: string): Promise<Written>
}

const wanted = process.argv.slice(2)
const load = watchLoad()
const rows: (string | number)[][] = []
const memory: (string | number)[][] = []
const resyncs: (string | number)[][] = []
const all = wanted.length === 0 ? ['large', 'small', 'mixture=1024', 'resync=10000'] : wanted
for (const one of casesOf(all.filter((name) => !name.startsWith('resync')))) await runCase(one)
for (const name of all.filter((each) => each.startsWith('resync'))) await runResync(Number(name.split('=')[1] ?? 10_000))
report()

function casesOf(names: string[]): Case[] {
  return names.flatMap((name): Case[] => {
    const [kind, megabytes = '1024'] = name.split('=')
    if (kind === 'large') return [{ name: '7 files of 1 MiB', write: (folder) => writeLargeFiles(folder, 7) }]
    if (kind === 'mixture') {
      const bytes = Number(megabytes) * mebibyte
      return [{ name: `mixture of sizes, ${megabytes} MiB`, write: (folder) => writeMixture(folder, bytes) }]
    }
    if (kind !== 'small') throw new Error(`unknown case "${name}"`)
    const scifact = findCollection('scifact')
    if (scifact === undefined) return []
    const { documents } = scifact
    return [
      {
        name: 'SciFact abstracts, a file each',
        write: async (folder) => ({ files: documents.length, bytes: await writeAbstracts(folder, documents) }),
      },
    ]
  })
}

async function runCase({ name, write }: Case): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'weft-bench-ingest-'))
  const mesh = await startBenchMesh()
  try {
    const written = await write(folder)
    console.log(`${name}: ${written.files} files, ${(written.bytes / mebibyte).toFixed(1)} MiB …`)
    const ingestion = await measureIngestion(mesh, folder)
    note(name, written, ingestion)
  } finally {
    await mesh.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function runResync(files: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'weft-bench-resync-'))
  const mesh = await startBenchMesh()
  try {
    const { firstSeconds, againSeconds, surplus } = await measureResync(mesh, folder, files)
    const slowest = Math.max(...againSeconds)
    if (slowest > resyncSecondsMax || surplus > 0) process.exitCode = 1
    resyncs.push([String(files), firstSeconds, againSeconds.map(cell).join(', '), slowest, String(surplus)])
    console.log(JSON.stringify({ files, firstSeconds, againSeconds, surplus }))
  } finally {
    await mesh.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

function note(name: string, { files, bytes }: Written, { seconds, added, failed, processes }: Ingestion): void {
  const megabytes = bytes / 1_000_000
  const cpu = (process: string) => (processes.get(process)?.cpuSeconds ?? 0) / megabytes
  const all = [...processes.values()].reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0) / megabytes
  const perMb = seconds / megabytes
  if (added !== files || failed > 0 || perMb > secondsPerMbMax) process.exitCode = 1
  const shares = [cpu('pglite'), cpu('rag'), cpu('gateway'), cpu('cli'), all]
  rows.push([name, String(added), String(failed), megabytes, seconds, perMb, ...shares])
  const peaks = ['cli', 'gateway', 'rag', 'pglite'].map((process) => {
    const { beforeMb = 0, peakMb = 0 } = processes.get(process) ?? {}
    return `${beforeMb.toFixed(0)} → ${peakMb.toFixed(0)}`
  })
  memory.push([name, ...peaks])
  console.log(JSON.stringify({ name, seconds, perMb, processes: Object.fromEntries(processes) }))
}

function report(): void {
  const speed = markdownTable(
    ['folder', 'indexed', 'failed', 'MB', 's', '**s a MB**', 'pglite', 'rag', 'gateway', 'cli', 'all'],
    rows,
  )
  const body = `From \`weft ingest\` to everything indexed, without embeddings; reach: ≤ ${secondsPerMbMax} s a MB. The last five columns are processor seconds a MB.

${speed}

Resident memory in MiB before, and the most it was meanwhile:

${markdownTable(['folder', 'cli', 'gateway', 'rag', 'pglite'], memory)}

Syncs of a folder of small files in which nothing has changed; reach: ≤ ${resyncSecondsMax} s, nothing sent:

${markdownTable(['files', 'first, s', 'again, s', '**slowest, s**', 'sent or changed'], resyncs)}`
  recordResults({ name: 'ingest', title: 'Ingestion', load, body })
}
