import { stripVTControlCharacters } from 'node:util'
import { errorMessage, parseJson } from '@weft/contracts'
import { z } from 'zod'
import { FileRefusal } from './file-refusal.ts'

/** Of what a cell put out: a log of thousands of lines says nothing that is searched for, and hides what is. */
const outputCharsMax = 4_000

/** Text, in one piece or in lines. */
const Lines = z
  .union([z.string(), z.array(z.string())])
  .transform((lines) => (typeof lines === 'string' ? lines : lines.join('')))

/** Pictures and widgets are here too, and are passed over. */
const Output = z.looseObject({
  output_type: z.string(),
  text: Lines.optional(),
  data: z.looseObject({ 'text/markdown': Lines.optional(), 'text/plain': Lines.optional() }).optional(),
  ename: z.string().optional(),
  evalue: z.string().optional(),
})

const Cell = z.looseObject({ cell_type: z.string(), source: Lines, outputs: z.array(Output).optional() })

/** What is read of a notebook of Jupyter's format 4 (nbformat.readthedocs.io); others keep their cells elsewhere. */
const Notebook = z.looseObject({
  nbformat: z
    .int()
    .min(4, 'is of an older format: open it in Jupyter, save it, and add that')
    .max(4, 'is of a format not known yet'),
  metadata: z.looseObject({ language_info: z.looseObject({ name: z.string().optional() }).optional() }).optional(),
  cells: z.array(Cell),
})

/** The cells of a notebook as Markdown: what is written, the code in fences, and what it put out as text. Throws FileRefusal. */
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
  // What stands there for a picture only gives its size.
  if (Object.keys(data ?? {}).some((type) => type.startsWith('image/'))) return []
  const said = text ?? data?.['text/plain'] ?? (ename === undefined ? '' : `${ename}: ${evalue ?? ''}`)
  return said.trim() === '' ? [] : [fenced(bounded(withoutTerminalCodes(said)), '')]
}

/** A fence longer than any in what it holds. */
function fenced(code: string, language: string): string {
  const longest = Math.max(2, ...[...code.matchAll(/`{3,}/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}${language}\n${code.trimEnd()}\n${fence}`
}

/** Never cut inside a character. */
function bounded(text: string): string {
  return text.length <= outputCharsMax ? text : `${text.slice(0, outputCharsMax).replace(/[\uD800-\uDBFF]$/, '')}…`
}

/** Colours, and all that a progress bar wrote over. */
function withoutTerminalCodes(text: string): string {
  return stripVTControlCharacters(text)
    .split('\n')
    .map((line) => line.replace(/\r+$/, '').split('\r').at(-1))
    .join('\n')
}
