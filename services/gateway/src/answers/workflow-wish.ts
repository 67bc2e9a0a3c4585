import { chatLimits, parseValue, WeftError } from '@weft/contracts'
import type { ResponsesRequest } from '@weft/models'
import { z } from 'zod'

/** What the wire of responses has for models of Weft alone, in the terms that both wires share. */
export interface WorkflowWish {
  /** The request without it. */
  wish: ResponsesRequest
  /** Where `file_search` is to search; undefined: no tool says so. */
  vectorStoreIds: string[] | undefined
  /** Whether the caller comes back for the answer. */
  isBackground: boolean
  /** Names of fields that have no effect. */
  ignored: string[]
}

const FileSearch = z.looseObject({
  type: z.literal('file_search'),
  vector_store_ids: z.array(z.string().min(1).max(256)).min(1).max(chatLimits.vectorStoresMax),
})

/** Reads `background`, and tools `file_search`. Throws `invalid_request` naming what no workflow can do. */
export function readWorkflowWish(request: ResponsesRequest): WorkflowWish {
  const searches = (request.tools ?? []).flatMap((tool, index) =>
    tool.type === 'file_search' ? [readSearch(tool, `tools.${index}`)] : [],
  )
  const tools = (request.tools ?? []).filter(({ type }) => type !== 'file_search')
  return {
    wish: { ...request, background: undefined, tools: tools.length === 0 ? undefined : tools },
    vectorStoreIds: searches.length === 0 ? undefined : [...new Set(searches.flatMap(({ ids }) => ids))],
    isBackground: request.background === true,
    ignored: searches.flatMap(({ ignored }) => ignored),
  }
}

function readSearch(tool: object, param: string): { ids: string[]; ignored: string[] } {
  const { type: _, vector_store_ids: ids, filters, ...others } = parseValue(FileSearch, tool, param)
  if (filters != null)
    throw new WeftError(
      'invalid_request',
      `'${param}.filters' does not go with weft/… models, which plan their searches: ask /v1/vector_stores/{id}/search, or name a store of what passes`,
      { param: `${param}.filters` },
    )
  return { ids, ignored: Object.keys(others).map((field) => `${param}.${field}`) }
}
