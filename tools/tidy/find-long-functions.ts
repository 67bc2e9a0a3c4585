export interface LongFunction {
  name: string
  line: number
  length: number
}

const opening =
  /^(\s*)(?:export\s+)?(?:async\s+)?(?:function\*?\s+(\w+)|(?:const|let)\s+(\w+)\s*=\s*(?:async\s*)?\(.*=>\s*\{$|(?:async\s+)?(\w+)\(.*\)(?::\s*[^{]+)?\s*\{$)/

/**
 * Functions longer than `linesMax`, told by indentation: the formatter puts a function's closing brace in the column of its
 * first line, so no parser is needed.
 */
export function findLongFunctions(text: string, linesMax: number): LongFunction[] {
  const lines = text.split('\n')
  return lines.flatMap((line, index) => {
    const match = opening.exec(line)
    const name = match?.[2] ?? match?.[3] ?? match?.[4]
    if (match === null || name === undefined || ['if', 'for', 'while', 'switch', 'catch', 'describe', 'it'].includes(name))
      return []
    const closing = `${match[1]}}`
    const end = lines.findIndex((candidate, later) => later > index && candidate.startsWith(closing))
    const length = end - index + 1
    return end > 0 && length > linesMax ? [{ name, line: index + 1, length }] : []
  })
}
