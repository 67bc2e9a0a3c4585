import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import type { Language, Node, Parser, Query, QueryMatch, Tree } from 'web-tree-sitter'
import type { Block } from '../chunk/block.ts'
import { blocksOfItems, type CodeItem } from './code-blocks.ts'
import type { CodeLanguage } from './code-languages.ts'

/** Larger files are generated, and a tree takes up to seventy times the memory of its text. */
const lettersMax = 262_144

/**
 * Code takes the parser about one step a letter, and at most 2 in the 2,000 files that were measured. Text made to confuse it takes more, and memory with
 * every step.
 */
const stepsPerLetterMax = 3

/** After how many steps the parser asks whether to go on (OP_COUNT_PER_PARSER_CALLBACK_CHECK in its source). */
const stepsPerQuestion = 100

/** Bounds work that is slow although it takes few steps. Only text made for that comes near it. */
const workMsMax = 10_000

let isSpent = false

/** Whether the parser of this thread has failed inside. It must not be used again then; another thread has its own. */
export function isOutlinerSpent(): boolean {
  return isSpent
}

/**
 * The blocks of source code by the grammar of its language: declarations, named like `Class.method`, with the comments and decorators above them, and inner
 * declarations as members. Undefined when the text has more than a trace of syntax errors, is very large, or takes too long; `splitCode` cuts such a text without
 * a grammar. A grammar is loaded at its first use, which takes about 50 ms.
 */
export async function outlineCode(text: string, language: CodeLanguage): Promise<Block[] | undefined> {
  if (isSpent || text.length > lettersMax) return undefined
  const { parser, query } = await loadGrammar(language)
  const deadline = performance.now() + workMsMax
  const isTooLate = () => performance.now() > deadline
  let steps = 0
  const isTooMuch = () => {
    steps += stepsPerQuestion
    return steps > text.length * stepsPerLetterMax + 10_000 || isTooLate()
  }
  let tree: Tree | null = null
  try {
    tree = parser.parse(text, null, { progressCallback: isTooMuch })
    if (tree === null || (tree.rootNode.hasError && isBroken(tree, text))) return undefined
    const matches = query.matches(tree.rootNode, { progressCallback: isTooLate })
    const found = readItems(matches, language, isTooLate)
    return isTooLate() ? undefined : blocksOfItems(text, found)
  } catch (thrown) {
    if (!(thrown instanceof Error && /^(?:RuntimeError|RangeError)$/.test(thrown.name))) throw thrown
    isSpent = true
    return undefined
  } finally {
    if (!isSpent) {
      tree?.delete()
      parser.reset()
    }
  }
}

/** The share of a text that may be unknown to the grammar, as long as all brackets are closed: grammars lag behind their languages. */
const unknownShareMax = 0.02

/** The search for errors visits at most this many nodes. A text that needs more counts as broken. */
const visitedNodesMax = 20_000

function isBroken(tree: Tree, text: string): boolean {
  const cursor = tree.walk()
  let unknown = 0
  try {
    for (let visited = 0; visited < visitedNodesMax; visited++) {
      const isError = cursor.nodeType === 'ERROR'
      if (isError) unknown += cursor.endIndex - cursor.startIndex
      if (unknown > text.length * unknownShareMax || (cursor.nodeIsMissing && isCloser(cursor.nodeType))) return true
      if (!isError && cursor.currentNode.hasError && cursor.gotoFirstChild()) continue
      while (!cursor.gotoNextSibling()) if (!cursor.gotoParent()) return false
    }
    return true
  } finally {
    cursor.delete()
  }
}

function isCloser(nodeType: string): boolean {
  return /^(?:[)\]}]|end\w*|fi|done|esac)$/.test(nodeType)
}

type Grammar = { parser: Parser; query: Query }

const grammars = new Map<string, Promise<Grammar>>()

function loadGrammar(language: CodeLanguage): Promise<Grammar> {
  const known = grammars.get(language.grammar)
  if (known !== undefined) return known
  const loading = load(language)
  grammars.set(language.grammar, loading)
  return loading
}

async function load({ from, grammar, query }: CodeLanguage): Promise<Grammar> {
  // V8 took up to 3.2 GB to optimise a grammar, whose lexer is one huge function. Unoptimised it takes 30 MB, and reads half as fast.
  setFlagsFromString('--no-wasm-dynamic-tiering')
  setFlagsFromString('--no-wasm-tier-up')
  const treeSitter = await import('web-tree-sitter')
  await treeSitter.Parser.init()
  const loaded: Language = await treeSitter.Language.load(fileURLToPath(import.meta.resolve(`${from}/${grammar}`)))
  const parser = new treeSitter.Parser()
  parser.setLanguage(loaded)
  return { parser, query: new treeSitter.Query(loaded, query) }
}

type FoundItems = Parameters<typeof blocksOfItems>[1]

/** The matches of the query as plain ranges of UTF-16 units. */
function readItems(matches: QueryMatch[], { wrappers, tail }: CodeLanguage, isTooLate: () => boolean): FoundItems {
  const around = new Set(wrappers?.split(' '))
  const items: CodeItem[] = []
  const above: CodeItem[] = []
  for (const { captures } of matches) {
    if (isTooLate()) break
    const find = (name: string) => captures.find((capture) => capture.name === name)?.node
    const [item, comment] = [find('item'), find('above')]
    if (comment !== undefined) above.push({ start: comment.startIndex, end: comment.endIndex, name: '' })
    if (item === undefined) continue
    const owner = find('owner')
    const name = find('name') ?? nameNode(item)
    const outer = around.size === 0 ? item : withWrappers(item, around)
    const next = tail === undefined ? null : outer.nextSibling
    items.push({
      start: outer.startIndex,
      end: next !== null && next.type === tail ? next.endIndex : outer.endIndex,
      name: [owner, name].flatMap((node) => (node === undefined ? [] : [plainName(node.text)])).join('.'),
    })
  }
  return { items, above }
}

function withWrappers(node: Node, around: ReadonlySet<string>): Node {
  let outer = node
  while (outer.parent !== null && around.has(outer.parent.type)) outer = outer.parent
  return outer
}

/** The node of a declaration's name: a field in most grammars, the innermost declarator in C's, the type of Rust's `impl`, the first identifier in Kotlin's. */
function nameNode(item: Node): Node | undefined {
  const named = item.childForFieldName('name')
  if (named !== null) return named
  let declarator = item.childForFieldName('declarator')
  while (declarator !== null) {
    const inner =
      declarator.childForFieldName('declarator') ?? (/_declarator$/.test(declarator.type) ? declarator.firstNamedChild : null)
    if (inner === null) return declarator
    declarator = inner
  }
  return (
    item.childForFieldName('type') ??
    item.namedChildren.find((child) => child !== null && /identifier$|_name$/.test(child.type)) ??
    undefined
  )
}

/** `f` of `f(x) when …`, `A` of `*A[T]`, a title without its quotes. */
function plainName(text: string): string {
  const title = /^(["'`])(.*)\1$/s.exec(text)?.[2]
  if (title !== undefined) return title.replace(/\s+/g, ' ').slice(0, 100)
  return (/^[&*]*([^\s(<[{]+)/.exec(text)?.[1] ?? '').slice(0, 100)
}
