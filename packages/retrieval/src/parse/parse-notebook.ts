import { stripVTControlCharacters } from 'node:util'
import { errorMessage, parseJson } from '@weft/contracts'
import { z } from 'zod'
import { FileRefusal } from './file-refusal.ts'

/** How much of a cell's output is kept. Nobody searches for lines of a long log, and they would hide what is searched for. */
const outputCharsMax = 4_000

/** Text, which is one string or a list of lines. */
const Lines = z
  .union([z.string(), z.array(z.string())])
  .transform((lines) => (typeof lines === 'string' ? lines : lines.join('')))

/** The output of a cell. Pictures and widgets have other fields, which are ignored. */
const Output = z.looseObject({
  output_type: z.string(),
  text: Lines.optional(),
  data: z.looseObject({ 'text/markdown': Lines.optional(), 'text/plain': Lines.optional() }).optional(),
  ename: z.string().optional(),
  evalue: z.string().optional(),
})

const Cell = z.looseObject({ cell_type: z.string(), source: Lines, outputs: z.array(Output).optional() })

/** The part of a Jupyter notebook that is read, in format 4 (nbformat.readthedocs.io). Other formats keep their cells elsewhere. */
const Notebook = z.looseObject({
  nbformat: z
    .int()
    .min(4, 'is of an older format: open it in Jupyter, save it, and add that')
    .max(4, 'is of a format not known yet'),
  metadata: z.looseObject({ language_info: z.looseObject({ name: z.string().optional() }).optional() }).optional(),
  cells: z.array(Cell),
})

/** The cells of a notebook as Markdown: text as it is, code in fences, and output as text. Throws FileRefusal. */
export function notebookToText(json: string, filename: string): string {
  const { cells, metadata } = parseNotebook(json, filename)
  const language = metadata?.language_info?.name ?? 'python'
  const text = cells.flatMap((cell) => cellToText(cell, language)).join('\n\n')
  if (text.trim() === '') throw new FileRefusal('no_text', `"${filename}" is a notebook without any text.`)
  return text
}

function parseNotebook(json: string, filename: string): z.infer<typeof Notebook> {
  try {
    return parseJson(Notebook, json, 'the notebook')
  } catch (cause) {
    const reason = errorMessage(cause)
    throw new FileRefusal('damaged_document', `"${filename}" cannot be read as a Jupyter notebook: ${reason}.`, { cause })
  }
}

function cellToText({ cell_type: type, source, outputs = [] }: z.infer<typeof Cell>, language: string): string[] {
  const written = source.trim() === '' ? [] : [type === 'code' ? fenced(source, language) : source.trimEnd()]
  return [...written, ...outputs.flatMap(outputToText)]
}

function outputToText({ text, data, ename, evalue }: z.infer<typeof Output>): string[] {
  const markdown = data?.['text/markdown']
  if (markdown !== undefined) return [bounded(markdown)]
  // The text of a picture only tells its size.
  if (Object.keys(data ?? {}).some((type) => type.startsWith('image/'))) return []
  const said = text ?? data?.['text/plain'] ?? (ename === undefined ? '' : `${ename}: ${evalue ?? ''}`)
  return said.trim() === '' ? [] : [fenced(bounded(withoutTerminalCodes(said)), '')]
}

/** Puts code into a fence that is longer than any fence within it. */
function fenced(code: string, language: string): string {
  const longest = Math.max(2, ...[...code.matchAll(/`{3,}/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}${language}\n${code.trimEnd()}\n${fence}`
}

/** Cuts output to its longest length, but not inside a character. */
function bounded(text: string): string {
  return text.length <= outputCharsMax ? text : `${text.slice(0, outputCharsMax).replace(/[\uD800-\uDBFF]$/, '')}…`
}

/** Removes colours, and text that was overwritten, as by a progress bar. */
function withoutTerminalCodes(text: string): string {
  return stripVTControlCharacters(text)
    .split('\n')
    .map((line) => line.replace(/\r+$/, '').split('\r').at(-1))
    .join('\n')
}
