import { availableParallelism } from 'node:os'
import { cell, markdownTable } from '../measuring/markdown-table.ts'
import { p50 } from '../measuring/quantiles.ts'
import { type EmbeddingRound, shapes } from './measure-embedding.ts'
import type { Ingestion } from './measure-ingestion.ts'
import type { Resync } from './measure-resync.ts'
import type { Written } from './write-folders.ts'

export interface Ingested {
  name: string
  written: Written
  ingestion: Ingestion
}

const secondsPerMbMax = 2
const resyncSecondsMax = 5
const embeddingShareMin = 0.9
const memoryMbMax = 600

export const isWithinReach = {
  ingested: ({ written, ingestion }: Ingested) =>
    ingestion.added === written.files && ingestion.failed === 0 && ingestion.seconds <= (secondsPerMbMax * written.bytes) / 1e6,
  resync: ({ againSeconds, surplus, embedded }: Resync) =>
    Math.max(...againSeconds) <= resyncSecondsMax && surplus === 0 && embedded.again === 0,
  memory: (ingestion: Ingestion) => peakOf(ingestion) <= memoryMbMax,
  embedding: (rounds: EmbeddingRound[]) =>
    p50(rounds.map(shareOf)) >= embeddingShareMin && rounds.every(({ ingestion }) => peakOf(ingestion) <= memoryMbMax),
}

export function describeIngestions(ingested: Ingested[]): string {
  const rows = ingested.map(({ name, written, ingestion }) => {
    const { seconds, added, failed, processes } = ingestion
    const megabytes = written.bytes / 1_000_000
    const shares = ['pglite', 'rag', 'gateway', 'cli'].map((process) => (processes.get(process)?.cpuSeconds ?? 0) / megabytes)
    return [name, String(added), String(failed), megabytes, seconds, seconds / megabytes, ...shares, cpuOf(ingestion) / megabytes]
  })
  return `From \`weft ingest\` to everything indexed, without embeddings; reach: ≤ ${secondsPerMbMax} s a MB. The last five columns are processor seconds a MB.

${markdownTable(['folder', 'indexed', 'failed', 'MB', 's', '**s a MB**', 'pglite', 'rag', 'gateway', 'cli', 'all'], rows)}

${describeMemory(ingested.map(({ name, ingestion }) => ({ name, ingestion })))}`
}

export function describeTiny(ingestion: Ingestion): string {
  const { seconds, added, failed, processes } = ingestion
  const millisOf = (cpuSeconds: number) => (1_000 * cpuSeconds) / added
  const shares = ['pglite', 'rag', 'gateway', 'cli'].map((process) => millisOf(processes.get(process)?.cpuSeconds ?? 0))
  const row = [String(added), String(failed), seconds, added / seconds, ...shares, millisOf(cpuOf(ingestion))]
  return `From \`weft ingest\` to everything indexed, without embeddings; reach: all of them, ≤ ${memoryMbMax} MB a process. The last five columns are
milliseconds of processor time a file.

${markdownTable(['indexed', 'failed', 's', 'files/s', 'pglite', 'rag', 'gateway', 'cli', 'all'], [row])}

${describeMemory([{ name: `${added} files`, ingestion }])}`
}

export function describeResyncs({ files, first, againSeconds, surplus, embedded }: Resync): string {
  const slowest = Math.max(...againSeconds)
  const row = [String(files), first.seconds, againSeconds.map(cell).join(', '), slowest, String(surplus), String(embedded.again)]
  return `Syncs of a folder of small files in which nothing has changed; reach for 10,000: ≤ ${resyncSecondsMax} s, nothing sent, nothing embedded. At first
${embedded.first} texts were embedded, by a server that counts what it is sent.

${markdownTable(['files', 'first, s', 'again, s', '**slowest, s**', 'sent or changed', 'embedded'], [row])}

${describeMemory([{ name: `the first sync of ${files} files`, ingestion: first }])}`
}

export function describeHard({ mib, pages, ingestion }: { mib: number; pages: number; ingestion: Ingestion }): string {
  return `One text of ${mib} MiB and a PDF of ${pages} pages, the local model loaded before and at work beside, watched for ${cell(ingestion.seconds)} s;
reach: ≤ ${memoryMbMax} MB a process.

${describeMemory([{ name: `${mib} MiB and ${pages} pages`, ingestion }])}`
}

export function describeEmbedding(rounds: EmbeddingRound[]): string {
  const rows = rounds.map((round) => {
    const { shape, chunks, tokens, ingestion, alone } = round
    const rates = [tokens / alone.seconds, tokens / ingestion.seconds, shareOf(round)]
    const own = ['rag', 'pglite', 'gateway', 'cli'].map((process) => ingestion.processes.get(process)?.cpuSeconds ?? 0)
    return [shape, String(ingestion.added), String(chunks), ...rates, alone.cpuSeconds, cpuOf(ingestion), ...own]
  })
  const shares = shapes.map((shape) => `${shape}: ${cell(p50(rounds.filter((round) => round.shape === shape).map(shareOf)))}`)
  const peaks = rounds.map(({ shape, ingestion }) => ({ name: shape, ingestion }))
  return `Abstracts of SciFact, from the start of \`weft ingest\` to its end, then the local model alone over the same chunks, as many a request, with as many
threads and memory handled as rag’s is; round after round, the model loaded before, in both. Reach: ≥ ${embeddingShareMin * 100} % of what the model does alone, ≤ ${memoryMbMax} MB a process.

${markdownTable(['documents', 'files', 'chunks', 'alone, tokens/s', 'ingest, tokens/s', '**share**', 'processor s alone', 'of the ingest', 'rag', 'pglite', 'gateway', 'cli'], rows)}

Median share: ${shares.join('; ')}. Had all cores been busy throughout with what the ingest did, its share would be ${cell(p50(rounds.map(limitOf)))}. The model alone takes up to ${cell(Math.max(...rounds.map(({ alone }) => alone.peakMb)))} MiB.

${describeMemory(peaks)}`
}

function shareOf({ ingestion, alone }: EmbeddingRound): number {
  return alone.seconds / ingestion.seconds
}

function limitOf({ ingestion, alone }: EmbeddingRound): number {
  return (alone.seconds * availableParallelism()) / cpuOf(ingestion)
}

/** Of all processes of the mesh, and the command line. */
function cpuOf({ processes }: Ingestion): number {
  return [...processes.values()].reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)
}

function peakOf({ processes }: Ingestion): number {
  return Math.max(...[...processes.values()].map(({ peakMb }) => peakMb))
}

function describeMemory(all: { name: string; ingestion: Ingestion }[]): string {
  const names = ['cli', 'gateway', 'rag', 'pglite']
  const rows = all.map(({ name, ingestion: { processes } }) => [
    name,
    ...names.map((process) => {
      const { beforeMb = 0, peakMb = 0 } = processes.get(process) ?? {}
      return `${beforeMb.toFixed(0)} → ${peakMb.toFixed(0)}`
    }),
  ])
  return `Resident memory in MiB before, and the most it was meanwhile:

${markdownTable(['folder', ...names], rows)}`
}
