import { describe, expect, it } from '@jest/globals'
import { chunkText } from '../chunk/chunk-text.ts'
import { parseFile } from './parse-file.ts'

const read = (notebook: unknown, filename = 'tides.ipynb') =>
  parseFile({ filename, bytes: Buffer.from(typeof notebook === 'string' ? notebook : JSON.stringify(notebook)) })

const notebook = (...cells: object[]) => ({
  nbformat: 4,
  nbformat_minor: 5,
  metadata: { kernelspec: { name: 'python3' } },
  cells,
})
const code = (source: string | string[], ...outputs: object[]) => ({ cell_type: 'code', execution_count: 1, source, outputs })
const png = {
  output_type: 'display_data',
  data: { 'image/png': 'iVBORw0KGgo'.repeat(1_000), 'text/plain': ['<Figure size 640x480>'] },
}

describe('a notebook', () => {
  it('is its cells in order, as Markdown: what is written, the code, and what that put out as text', async () => {
    const { text, kind } = await read(
      notebook(
        { cell_type: 'markdown', source: ['# Tide model\n', 'The constant of Ness Bay is 0.7731.\n'] },
        code(['ness = 0.7731\n', 'print(ness)'], { output_type: 'stream', name: 'stdout', text: ['0.7731\n'] }, png),
        code('1 / 0', {
          output_type: 'error',
          ename: 'ZeroDivisionError',
          evalue: 'division by zero',
          traceback: ['\u001b[31m…'],
        }),
        code('', { output_type: 'execute_result', data: { 'text/markdown': '**High** water' } }),
      ),
    )
    expect(kind).toBe('notebook')
    expect(text).toBe(
      [
        '# Tide model\nThe constant of Ness Bay is 0.7731.',
        '```python\nness = 0.7731\nprint(ness)\n```',
        '```\n0.7731\n```',
        '```python\n1 / 0\n```',
        '```\nZeroDivisionError: division by zero\n```',
        '**High** water',
      ].join('\n\n'),
    )
    expect([...chunkText({ text, kind })][0]).toMatchObject({ heading: 'Tide model' })
  })

  it('names the language of its code, and fences code that has fences in it', async () => {
    const cells = notebook(code('cat("```")'))
    const { text } = await read({ ...cells, metadata: { language_info: { name: 'R' } } })
    expect(text).toBe('````R\ncat("```")\n````')
  })

  it('keeps the last state of a progress bar, and the beginning of a long output', async () => {
    const stream = (text: string) => ({ output_type: 'stream', name: 'stderr', text })
    const bar = await read(notebook(code('', stream('\u001b[1m 1%\r 50%\r100%\u001b[0m\r\nDone\n'))))
    expect(bar.text).toBe('```\n100%\nDone\n```')
    const { text } = await read(notebook(code('', stream(`${'x'.repeat(3_999)}🌊 and more`))))
    expect(text).toBe(`\`\`\`\n${'x'.repeat(3_999)}…\n\`\`\``)
  })

  it.each([
    ['{"cells": [', 'damaged_document', /"tides.ipynb" cannot be read as a Jupyter notebook: the notebook is not valid JSON/],
    [{ nbformat: 3, worksheets: [] }, 'damaged_document', /'nbformat' is of an older format: open it in Jupyter, save it/],
    [{ nbformat: 4, metadata: {} }, 'damaged_document', /'cells' is missing/],
    [notebook(), 'no_text', /"tides.ipynb" is a notebook without any text/],
  ])('is refused with what is wrong: %j', async (content, refusal, message) => {
    await expect(read(content)).rejects.toMatchObject({ code: refusal, message: expect.stringMatching(message) })
  })
})
