import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import type { Language, Node, Parser, Query, QueryMatch, Tree } from 'web-tree-sitter'
import type { Block } from '../chunk/block.ts'
import { blocksOfItems, type CodeItem } from './code-blocks.ts'
import type { CodeLanguage } from './code-languages.ts'

/** Larger files are made by programs; a tree takes up to seventy times the memory of its text. */
const lettersMax = 262_144

/** Code takes one step of the parser a letter, at most 2 in 2,000 files seen; text made to confuse it takes memory with every step. */
const stepsPerLetterMax = 3

/** The parser asks whether to go on after so many steps (OP_COUNT_PER_PARSER_CALLBACK_CHECK in its source). */
const stepsPerQuestion = 100

/** For what is slow in few steps. Only made-up text comes near it. */
const workMsMax = 10_000

let isSpent = false

/** After a failure inside the parser it must not be used again; another thread has another one. */
export function isOutlinerSpent(): boolean {
  return isSpent
}

/**
 * The blocks of source code by its language's grammar: declarations with the comments and decorators above them, named as `Class.method`, those
 * within them as their members. Undefined when the text has more than a trace of syntax errors, is very large or takes too long: `splitCode`
 * needs no grammar. Loads the grammar at its first use, some 50 ms.
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

/** Grammars lag behind their languages: so much of a text they may not know, as a share of its length, where all brackets are closed. */
const unknownShareMax = 0.02

/** Looking for errors ends after so many nodes: there are too many then. */
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
  // V8 took up to 3.2 GB to optimise a grammar, whose lexer is one huge function. As they are they take 30 MB and read half as fast.
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

/** What the query found, as plain ranges of UTF-16 units. */
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

/** Grammars have the name in a field, C's in the innermost declarator, Rust's `impl` as its type, Kotlin's as the first identifier. */
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
