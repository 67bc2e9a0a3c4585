import { chatLimits, parseValue, WeftError } from '@weft/contracts'
import { type ResponsesRequest, requireFunctionTool } from '@weft/models'
import { z } from 'zod'

/** A request for a response of a workflow, with what only workflows know taken out: `background` and tools `file_search`. */
export interface WorkflowWish {
  /** The request without those two. */
  wish: ResponsesRequest
  /** The vector stores that the tools and `weft.vectorStoreIds` name together; undefined when no tool names any. */
  vectorStoreIds: string[] | undefined
  /** Whether the caller comes back for the answer. */
  isBackground: boolean
  /** Names of fields that have no effect. */
  ignored: string[]
}

const FileSearch = z.looseObject({
  type: z.literal('file_search'),
  vector_store_ids: z.array(z.string().min(1).max(chatLimits.vectorStoreIdLengthMax)).min(1).max(chatLimits.vectorStoresMax),
})
/** By the tool's place in the list, so that an error names it. */
const FileSearches = z.object({ tools: z.record(z.string(), FileSearch) })

/** Reads `background`, and tools `file_search`. Throws `invalid_request` naming what no workflow can do. */
export function readWorkflowWish(request: ResponsesRequest): WorkflowWish {
  if (request.background === true && request.store === false)
    throw new WeftError('invalid_request', "'background' needs a response that is kept: leave 'store' out", { param: 'store' })
  const tools = request.tools ?? []
  tools.forEach((tool, index) => {
    if (!isSearch(tool)) requireFunctionTool(tool, index)
  })
  const places = tools.flatMap((tool, index) => (isSearch(tool) ? [[String(index), tool] as const] : []))
  const searches = parseValue(FileSearches, { tools: Object.fromEntries(places) }, 'the request').tools
  const functions = tools.filter((tool) => !isSearch(tool))
  return {
    wish: {
      ...request,
      background: undefined,
      tools: functions.length === 0 ? undefined : functions,
      tool_choice: choiceBesideSearch(request, places.length > 0),
    },
    vectorStoreIds: places.length === 0 ? undefined : storesOf(request, Object.values(searches)),
    isBackground: request.background === true,
    ignored: Object.entries(searches).flatMap(([index, search]) => ignoredOf(search, `tools.${index}`)),
  }
}

/** A workflow that is told where to search does so, which is what a choice of that tool wants. */
function choiceBesideSearch({ tool_choice: choice }: ResponsesRequest, hasSearch: boolean): ResponsesRequest['tool_choice'] {
  if (!hasSearch) return choice
  if (choice === 'none')
    throw new WeftError(
      'invalid_request',
      "'tool_choice' 'none' does not go with the tool file_search, which is always used: leave the tool out",
      {
        param: 'tool_choice',
      },
    )
  const isMet = choice === 'required' || (typeof choice === 'object' && choice !== null && wantsSearch(choice))
  return isMet ? undefined : choice
}

function wantsSearch(choice: Extract<NonNullable<ResponsesRequest['tool_choice']>, object>): boolean {
  return choice.type === 'allowed_tools' ? choice.tools.every(isSearch) : isSearch(choice)
}

function isSearch({ type }: { type: string }): boolean {
  return type === 'file_search'
}

function storesOf({ weft }: ResponsesRequest, searches: z.infer<typeof FileSearch>[]): string[] {
  const ids = [...new Set([...(weft?.vectorStoreIds ?? []), ...searches.flatMap((search) => search.vector_store_ids)])]
  if (ids.length <= chatLimits.vectorStoresMax) return ids
  const message = `the request names ${ids.length} vector stores, and may name ${chatLimits.vectorStoresMax}`
  throw new WeftError('invalid_request', message, { param: 'tools' })
}

function ignoredOf({ type: _, vector_store_ids: _ids, filters, ...others }: z.infer<typeof FileSearch>, param: string): string[] {
  if (filters != null)
    throw new WeftError(
      'invalid_request',
      `'${param}.filters' does not go with weft/… models, which plan their searches: ask /v1/vector_stores/{id}/search, or name a store of what passes`,
      { param: `${param}.filters` },
    )
  return Object.keys(others).map((field) => `${param}.${field}`)
}
