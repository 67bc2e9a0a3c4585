/**
 * Whether a test file runs a test of that title, and not only mentions or skips it. Told by indentation: the formatter puts what a block holds
 * further right than the block, so no parser is needed. What is skipped on some machines only counts as running.
 */
export function hasRunningTest(text: string, title: string): boolean {
  const lines = text.split('\n')
  const isTitle = (line: string) => [`'${title}'`, `"${title}"`, `\`${title}\``].some((literal) => line.includes(literal))
  return lines.some((line, index) => isTitle(line) && callsAround(lines, index).every((call) => isRun(text, call)))
}

/** The calls that hold a line, the innermost first, each as the line it begins with. */
function callsAround(lines: string[], index: number): string[] {
  const found: string[] = []
  let depth = Number.POSITIVE_INFINITY
  for (const line of lines.slice(0, index + 1).toReversed()) {
    if (line.trim() === '' || depthOf(line) >= depth) continue
    // `])('…', () => {` goes on with the call that begins further up, at the same depth.
    const isContinued = /^\s*[\])}'"`]/.test(line)
    depth = isContinued ? depthOf(line) + 1 : depthOf(line)
    if (!isContinued) found.push(line.trim())
  }
  return found
}

function depthOf(line: string): number {
  return line.search(/\S/)
}

const runners = ['it', 'test', 'describe']

function isRun(text: string, call: string): boolean {
  const [, name = '', more = ''] = /^;?\(?([A-Za-z]\w*)((?:\.\w+)*)/.exec(call) ?? []
  if (/^\.(skip|todo)\b/.test(more)) return false
  if (runners.includes(name)) return true
  const [, meaning = ''] = new RegExp(`\\bconst ${name} = (.*)`).exec(text) ?? []
  return /\b(it|test|describe)\b(?!\.(skip|todo))/.test(meaning)
}
