import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { builtDaprName } from './build-dapr.mjs'
import { createFolder } from './cache-folder.mjs'
import { embedderFolder } from './ensure-embedder.mjs'
import { NODE_VERSION, PNPM_VERSION } from './pins.mjs'

/** Which entries of the toolchain belong to which need. */
const ENTRIES = {
  node: ['nodeBin'],
  pnpm: ['pnpmCli', 'binFolder'],
  dapr: ['daprd', 'placement', 'scheduler'],
  redis: ['redisServer'],
}

export const ALL_NEEDS = Object.keys(ENTRIES)

export const toolchainFile = (cache) => join(cache, 'toolchain.json')

/**
 * The toolchain found or built earlier, when it has all of `needs` and none of its files changed since; else undefined.
 * Starts no program, so a start with everything in place loses no time here.
 */
export function readToolchain(cache, { needs = ALL_NEEDS, env = process.env } = {}) {
  const toolchain = parseToolchain(cache)
  if (!toolchain || toolchain.recipe !== recipe(env)) return undefined
  const names = needs.flatMap((need) => ENTRIES[need])
  const isWhole = names.every((name) => isUnchanged(toolchain[name], toolchain.fingerprints))
  return isWhole ? toolchain : undefined
}

/** Adds `entries` to the file and answers the whole toolchain. The file is replaced in one step. */
export function writeToolchain(cache, entries, env = process.env) {
  const known = parseToolchain(cache)
  const kept = known?.recipe === recipe(env) ? known : {}
  const toolchain = { ...kept, ...entries, recipe: recipe(env) }
  const paths = Object.values(ENTRIES)
    .flat()
    .map((name) => toolchain[name])
    .filter(Boolean)
  toolchain.fingerprints = Object.fromEntries(paths.map((path) => [path, fingerprint(path)]))
  createFolder(cache)
  const next = `${toolchainFile(cache)}.${process.pid}`
  writeFileSync(next, `${JSON.stringify(toolchain, null, 2)}\n`)
  renameSync(next, toolchainFile(cache))
  return toolchain
}

/** What a program of the mesh's tools gets: this Node and pnpm first on PATH, and where the toolchain is described. */
export function toolchainEnvironment(toolchain, { cache, env = process.env }) {
  const embedder = embedderFolder({ cache, env })
  return {
    ...env,
    ...(embedder === undefined ? {} : { WEFT_EMBEDDER_FOLDER: embedder }),
    PATH: [toolchain.binFolder, env.PATH].filter(Boolean).join(delimiter),
    // The pinned pnpm is already the one that runs; it need not look for, nor record, itself.
    pnpm_config_pm_on_fail: 'ignore',
    WEFT_CACHE: cache,
    WEFT_TOOLCHAIN: toolchainFile(cache),
    // Type stripping is the larger part of a start's processor time; Node keeps its result here.
    NODE_COMPILE_CACHE: env.NODE_COMPILE_CACHE ?? join(cache, 'compile-cache'),
  }
}

/** Everything that decides what the toolchain must be: when it changes, what was found before counts no more. */
function recipe(env) {
  return [
    `node-${NODE_VERSION}`,
    `pnpm-${PNPM_VERSION}`,
    builtDaprName(),
    `DAPR_RUNTIME_PATH=${env.DAPR_RUNTIME_PATH ?? ''}`,
  ].join(' ')
}

function parseToolchain(cache) {
  try {
    const value = JSON.parse(readFileSync(toolchainFile(cache), 'utf8'))
    return typeof value?.recipe === 'string' && typeof value.fingerprints === 'object' ? value : undefined
  } catch {
    return undefined
  }
}

function isUnchanged(path, fingerprints) {
  if (typeof path !== 'string') return false
  const now = fingerprint(path)
  return now !== 'absent' && fingerprints?.[path] === now
}

function fingerprint(path) {
  try {
    const { size, mtimeMs, mode } = statSync(path)
    return `${size}-${Math.floor(mtimeMs)}-${mode.toString(8)}`
  } catch {
    return 'absent'
  }
}
