import { openDatabase, sql } from '@weft/database'
import OpenAI from 'openai'
import { z } from 'zod'
import type { BenchMesh } from '../measuring/bench-mesh.ts'

/** What a file's text begins with; that by which the embedder's dimensions are found out when rag starts does not. */
export const mark = 'Note'

/** Texts of files that the embedder was sent, and how many different ones. */
export async function readEmbedded(url: string): Promise<{ texts: number; different: number }> {
  return z.object({ texts: z.int(), different: z.int() }).parse(await (await fetch(`${url}?containing=${mark}`)).json())
}

const Rows = z.object({ files: z.int(), chunks: z.int(), differentChunks: z.int(), vectors: z.int(), waiting: z.int() })

export interface Kept extends z.infer<typeof Rows> {
  /** Of the store, over the API. */
  total: number
  completed: number
  differentEmbedded: number
  embeddedAgain: number
}

/** What is there of an ingest, by the API, the database and the embedder. */
export async function countKept(mesh: BenchMesh, embedderUrl: string): Promise<Kept> {
  const client = new OpenAI({ baseURL: `${mesh.url}/v1`, apiKey: mesh.apiKey })
  const [store] = (await client.vectorStores.list()).data
  const { texts, different } = await readEmbedded(embedderUrl)
  return {
    ...(await countRows(mesh)),
    total: store?.file_counts.total ?? 0,
    completed: store?.file_counts.completed ?? 0,
    differentEmbedded: different,
    embeddedAgain: texts - different,
  }
}

async function countRows(mesh: BenchMesh): Promise<z.infer<typeof Rows>> {
  const port = (await mesh.processes()).find(({ name }) => name === 'pglite')?.ports.tcp
  const database = openDatabase({ urls: [`postgres://postgres@127.0.0.1:${port}/postgres`] })
  try {
    const { rows } = await sql`
      select (select count(*)::int from files) as files, (select count(*)::int from chunks) as chunks,
        (select count(distinct text)::int from chunks) as "differentChunks", (select count(*)::int from chunk_embeddings) as vectors,
        (select count(*)::int from embedding_queue) as waiting
    `.execute(database.db)
    return Rows.parse(rows[0])
  } finally {
    await database.stop()
  }
}
