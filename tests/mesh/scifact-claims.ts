import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Collection } from '@weft/retrieval/testing'
import type OpenAI from 'openai'
import { type WeftAnswer, weftOf } from './shared-mesh.ts'

/** A claim of SciFact with the abstracts that were judged to be about it. */
export interface Claim {
  text: string
  relevant: Set<string>
}

/** The first claims that have judgements, in the collection's order. */
export function judgedClaims({ queries, judgements }: Collection, count: number): Claim[] {
  return queries
    .flatMap(({ _id, text }) => {
      const judged = judgements.get(_id)
      return judged === undefined ? [] : [{ text, relevant: new Set(judged.keys()) }]
    })
    .slice(0, count)
}

/** One file for each document, named by its id: its title, an empty line, its text. Answers the bytes written. */
export async function writeAbstracts(folder: string, documents: Collection['documents']): Promise<number> {
  let bytes = 0
  for (const { _id, title, text } of documents) {
    const content = `${title}\n\n${text}\n`
    bytes += Buffer.byteLength(content)
    await writeFile(join(folder, `${_id}.txt`), content)
  }
  return bytes
}

export interface AskedClaim {
  text: string
  weft: WeftAnswer
  /** A citation is of an abstract judged relevant. */
  isRelevantCited: boolean
  elapsedMs: number
}

export interface Asking {
  model: string
  /** All the key may read when left out. */
  vectorStoreIds?: string[]
}

export async function askClaim(client: OpenAI, claim: Claim, { model, vectorStoreIds }: Asking): Promise<AskedClaim> {
  const startedAtMs = performance.now()
  const body = { model, messages: [{ role: 'user' as const, content: claim.text }] }
  const answer = await client.chat.completions.create(
    vectorStoreIds === undefined ? body : Object.assign(body, { weft: { vectorStoreIds } }),
  )
  const elapsedMs = performance.now() - startedAtMs
  const weft = weftOf(answer)
  const isRelevantCited = weft.citations.some(({ filename }) => claim.relevant.has(filename.replace(/\.txt$/, '')))
  return { text: answer.choices[0]?.message.content ?? '', weft, isRelevantCited, elapsedMs }
}

/** Checks quotes against the bytes that were uploaded, each file being fetched once. */
export function createQuoteCheck(client: OpenAI): (citation: WeftAnswer['citations'][number]) => Promise<boolean> {
  const files = new Map<string, Promise<string[]>>()
  return async ({ fileId, start, end, quote }) => {
    const letters = files.get(fileId) ?? readLetters(client, fileId)
    files.set(fileId, letters)
    return quote !== '' && (await letters).slice(start, end).join('') === quote
  }
}

/** A file's text in code points, which the offsets of citations count. */
async function readLetters(client: OpenAI, fileId: string): Promise<string[]> {
  const content = await client.files.content(fileId)
  return [...new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await content.arrayBuffer())]
}
