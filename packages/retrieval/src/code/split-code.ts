import { type Block, type Line, linesOf } from '../chunk/block.ts'

/**
 * Blocks of source code in any language that is indented, found without a grammar, because declarations are at the left margin nearly everywhere. A block begins
 * at a line without indentation after a blank line or the end of a body, together with the comments and decorators above it.
 */
export function* splitCode(text: string): Generator<Block> {
  let start = 0
  let name = ''
  let above: Line | undefined
  for (const line of linesOf(text)) {
    if (line.start > start && beginsBlock(line, above)) {
      yield { start, end: line.start, type: 'lines', path: name }
      start = line.start
      name = ''
    }
    if (name === '') name = declarationName(line.head)
    above = line
  }
  if (text.length > start) yield { start, end: text.length, type: 'lines', path: name }
}

function beginsBlock(line: Line, above: Line | undefined): boolean {
  if (above === undefined || !/^[^\s})\]]/.test(line.head)) return false
  return above.isBlank || /^[})\]]/.test(above.head) || (isIndented(above) && !isContinuation(line))
}

function isIndented(line: Line): boolean {
  return /^[ \t]+\S/.test(line.head)
}

/** Lines at the margin that belong to the body above them: `else`, `catch`, labels, `END`. */
function isContinuation(line: Line): boolean {
  return /^(?:else|elif|elsif|except|finally|catch|rescue|ensure|end|END|then|case|default|when|until|done|fi|esac)\b/.test(
    line.head,
  )
}

const keyword =
  'class|interface|trait|struct|enum|union|record|module|namespace|package|impl|protocol|extension|object|type|function|func|fun|fn|def|sub|proc|macro_rules!|CREATE\\s+(?:OR\\s+REPLACE\\s+)?(?:TABLE|VIEW|FUNCTION|INDEX)|const|let|var|val'
const declaration = new RegExp(
  `^(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|pub(?:\\([a-z]+\\))?|unsafe|extern|inline|open|override|sealed|data|declare)\\s+){0,6}(?:${keyword})\\*?\\s+(?:\\([^)\\n]{0,80}\\)\\s*)?([\\p{L}_$][\\p{L}\\p{N}_$:.]{0,100})`,
  'iu',
)

function declarationName(head: string): string {
  return declaration.exec(head)?.[1] ?? ''
}
