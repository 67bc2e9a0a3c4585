/** How the ids of items begin on the wire of responses, by the type of the item. */
const prefixes = {
  reasoning: 'rs',
  message: 'msg',
  function_call: 'fc',
  function_call_output: 'fco',
  file_search_call: 'fs',
} as const

export type ItemType = keyof typeof prefixes

/** The id of an item that a response put out, the `n`-th of its type there. */
export function outputItemId(type: ItemType, responseId: string, n: number): string {
  return `${prefixes[type]}_${bare(responseId)}_${n}`
}

/** The id of the `n`-th item that a response was made from. */
export function inputItemId(type: string, responseId: string, n: number): string {
  return `${isItemType(type) ? prefixes[type] : 'item'}_in_${bare(responseId)}_${n}`
}

function bare(responseId: string): string {
  return responseId.replace(/^resp_/, '')
}

export interface ItemPlace {
  responseId: string
  type: ItemType
}

/** The response an output item is of, and what it is there; undefined when the id is of none. */
export function placeOfItem(id: string): ItemPlace | undefined {
  const [, prefix, rest] = /^([a-z]+)_(.{1,256})_\d{1,6}$/.exec(id) ?? []
  const type = Object.keys(prefixes).find((each) => isItemType(each) && prefixes[each] === prefix)
  return type !== undefined && isItemType(type) ? { responseId: `resp_${rest}`, type } : undefined
}

function isItemType(type: string): type is ItemType {
  return Object.hasOwn(prefixes, type)
}
