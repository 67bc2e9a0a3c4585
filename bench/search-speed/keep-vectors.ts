import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { VectorsOf } from './make-vectors.ts'

export interface Kept {
  /** Each list of texts is a file in it. */
  folder: string
  model: string
  dimensions: number
  vectorsOf: VectorsOf
}

/** Makes the vectors of a list of texts once, whoever asks for them later: embedding 20,000 takes minutes on slow cores. */
export function keepVectors({ folder, model, dimensions, vectorsOf }: Kept): VectorsOf {
  return async (texts) => {
    const key = createHash('sha256')
      .update(JSON.stringify([model, texts]))
      .digest('hex')
    const file = join(folder, `${key.slice(0, 32)}.f32`)
    if (!existsSync(file)) await write(file, await vectorsOf(texts))
    const bytes = await readFile(file)
    return texts.map((_, index) => new Float32Array(bytes.buffer, bytes.byteOffset + index * dimensions * 4, dimensions).slice())
  }

  /** Under its name only when complete. */
  async function write(file: string, vectors: Float32Array[]): Promise<void> {
    await mkdir(folder, { recursive: true })
    const unfinished = `${file}.${process.pid}`
    await writeFile(
      unfinished,
      Buffer.concat(vectors.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength))),
    )
    await rename(unfinished, file)
  }
}
