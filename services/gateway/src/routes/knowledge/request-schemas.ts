import { Attributes, ChunkingStrategy, knowledgeLimits, parseValue } from '@weft/contracts'
import { vectorStoreFileStatuses } from '@weft/retrieval'
import type { Request, Response } from 'express'
import { z } from 'zod'
import { nameIgnored } from '../../answers/name-ignored.ts'
import { queryInteger } from '../query-integer.ts'

/** The limits that OpenAI documents for these endpoints, except `storeFilesPageMax`, which is Weft's own. */
const requestLimits = {
  pageMax: 100,
  storeFilesPageMax: 1_000,
  pageDefault: 20,
  batchFilesMax: 2_000,
  nameCharsMax: 256,
} as const

const Id = z.string().min(1).max(128)

/** Metadata of a vector store: at most 16 pairs of strings. */
const Metadata = z
  .record(z.string().max(64), z.string().max(512))
  .refine((metadata) => Object.keys(metadata).length <= knowledgeLimits.attributesMax, tooManyPairs())

const FileAttributes = Attributes.refine(
  (attributes) => Object.keys(attributes).length <= knowledgeLimits.attributesMax,
  tooManyPairs(),
)

const Chunking = ChunkingStrategy.refine(
  (strategy) => strategy.type !== 'static' || strategy.static.chunk_overlap_tokens * 2 <= strategy.static.max_chunk_size_tokens,
  { path: ['static', 'chunk_overlap_tokens'], message: 'must not exceed half of max_chunk_size_tokens' },
)

/** Days after the last use of the store. */
const StoreExpiry = z.object({ anchor: z.literal('last_active_at'), days: z.int().min(1).max(365) })

/** Seconds after the upload of the file. */
export const FileExpiry = z.object({ anchor: z.literal('created_at'), seconds: z.int().min(3_600).max(2_592_000) })

const Name = z.string().max(requestLimits.nameCharsMax)

export const CreateVectorStore = z.object({
  name: Name.nullish(),
  metadata: Metadata.nullish(),
  file_ids: z.array(Id).max(requestLimits.batchFilesMax).nullish(),
  chunking_strategy: Chunking.nullish(),
  expires_after: StoreExpiry.nullish(),
})

export const UpdateVectorStore = z.object({
  name: Name.nullish(),
  metadata: Metadata.nullish(),
  expires_after: StoreExpiry.nullish(),
})

export const AddFile = z.object({
  file_id: Id,
  attributes: FileAttributes.nullish(),
  chunking_strategy: Chunking.nullish(),
})
export type AddFile = z.infer<typeof AddFile>

/** `filename` is an extension of OpenAI's API: a file whose source was renamed keeps its index. */
export const UpdateFile = z
  .object({ attributes: FileAttributes.nullable().optional(), filename: z.string().trim().min(1).max(512).optional() })
  .refine((body) => body.attributes !== undefined || body.filename !== undefined, {
    path: ['attributes'],
    message: 'is required',
  })

export const CreateFileBatch = z
  .object({
    file_ids: z.array(Id).min(1).max(requestLimits.batchFilesMax).nullish(),
    files: z.array(AddFile).min(1).max(requestLimits.batchFilesMax).nullish(),
    attributes: FileAttributes.nullish(),
    chunking_strategy: Chunking.nullish(),
  })
  .refine((body) => (body.file_ids == null) !== (body.files == null), {
    path: ['file_ids'],
    message: "is required, or 'files' instead of it; not both",
  })

const ListQuery = z.object({
  limit: queryInteger({ min: 1, max: requestLimits.pageMax }).default(requestLimits.pageDefault),
  order: z.enum(['asc', 'desc']).default('desc'),
  after: Id.exactOptional(),
  before: Id.exactOptional(),
})

/** OpenAI allows a limit of 10,000 files, so that is accepted; a page has 100 at most, and `has_more` says that there are more. */
const FileListQuery = ListQuery.extend({
  limit: queryInteger({ min: 1, max: 10_000 }).default(requestLimits.pageMax),
  purpose: z.string().max(64).exactOptional(),
})

/** OpenAI's pages of these have at most 100. Longer ones are allowed here, because `weft ingest` reads all files of a store to compare a folder with it. */
const StoreFileListQuery = ListQuery.extend({
  limit: queryInteger({ min: 1, max: requestLimits.storeFilesPageMax }).default(requestLimits.pageDefault),
  filter: z.enum(vectorStoreFileStatuses).exactOptional(),
})

export const parseListQuery = (request: Request) => parseValue(ListQuery, request.query, 'query')
export const parseFileListQuery = (request: Request) => parseValue(FileListQuery, request.query, 'query')
export const parseStoreFileListQuery = (request: Request) => parseValue(StoreFileListQuery, request.query, 'query')

/**
 * Parses a JSON body. A missing body counts as an empty object, so that the error names the missing field. Unknown fields have no effect, and a header names
 * them.
 */
export function parseBody<T extends z.ZodObject>(schema: T, request: Request, response: Response): z.infer<T> {
  const given: unknown = request.body ?? {}
  const body = parseValue(schema, given, 'body')
  nameIgnored(
    response,
    Object.keys(Object(given)).filter((field) => !Object.hasOwn(schema.shape, field)),
  )
  return body
}

function tooManyPairs() {
  return { message: `holds at most ${knowledgeLimits.attributesMax} pairs` }
}
