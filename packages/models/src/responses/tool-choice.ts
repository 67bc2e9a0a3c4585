import { WeftError } from '@weft/contracts'
import type { ResponsesRequest } from './responses-request.ts'

/** Refuses a choice of tools that the request does not have: without its tools it would be lost. Throws `invalid_request`. */
export function checkToolChoice({ tools, tool_choice: choice }: ResponsesRequest): void {
  if (choice == null || choice === 'auto' || choice === 'none') return
  const names = new Set((tools ?? []).map(({ name }) => name))
  if (choice === 'required') {
    if (names.size > 0) return
    throw refused('tool_choice', 'there is no tool to choose from')
  }
  switch (choice.type) {
    case 'function':
      if (!names.has(choice.name)) throw refused('tool_choice.name', `no tool of the request has the name '${choice.name}'`)
      return
    case 'allowed_tools':
      choice.tools.forEach(({ type, name }, index) => {
        if (type !== 'function' || !names.has(name))
          throw refused(`tool_choice.tools.${index}`, `it names no tool of the request: ${name ?? type}`)
      })
      return
    case 'file_search':
      throw refused('tool_choice.type', "the tools of models are functions of the caller's; weft/… models take file_search")
  }
}

function refused(param: string, why: string): WeftError {
  return new WeftError('invalid_request', `'${param}': ${why}`, { param })
}
