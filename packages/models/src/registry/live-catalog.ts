import type { ModelTimeouts } from '../attempt/call-guard.ts'
import { type ModelSettings, textSetting } from '../model-settings.ts'
import { type Catalog, createCatalog } from './catalog.ts'
import { layRegistryOver, type Registry, RegistryError, readRegistry } from './read-registry.ts'
import { type FileWatch, watchText } from './watch-text.ts'

export interface LiveCatalogOptions {
  settings: ModelSettings
  timeouts: ModelTimeouts
  logger: { info(message: string): unknown; warn?(message: string): unknown }
  /** Another registry than the package's. */
  registryFile?: string | undefined
  /** How often the file of WEFT_MODELS_FILE is looked at. Default 2 s. */
  pollMs?: number | undefined
}

export interface RegistryState {
  /** The file laid over the built-in registry; undefined: none. */
  file: string | undefined
  /** When what is in use was read, RFC 3339 UTC. */
  readAt: string
  /** Why a newer version of the file is not in use. */
  problem: string | undefined
}

export interface LiveCatalog extends Catalog {
  registry(): Registry
  state(): RegistryState
  stop(): void
}

/**
 * The catalog of the built-in registry with the file of WEFT_MODELS_FILE over it. A change of the file counts for the next call; a version that
 * cannot be used changes nothing, and is told of in the log and in `state`. Throws RegistryError when the first version cannot be used.
 */
export function createLiveCatalog(options: LiveCatalogOptions): LiveCatalog {
  const { settings, timeouts, logger, pollMs } = options
  const base = readRegistry(options.registryFile)
  const file = textSetting(settings, 'WEFT_MODELS_FILE')
  const watch: FileWatch | undefined = file === undefined ? undefined : watchText(file, { pollMs, onChange: reread })
  const read = (text: string | undefined) => {
    if (file === undefined) return base
    if (text === undefined) throw new RegistryError(`${file}: the file of WEFT_MODELS_FILE cannot be read`)
    return layRegistryOver(base, text, file)
  }
  let registry: Registry
  try {
    registry = read(watch?.text)
  } catch (thrown) {
    watch?.stop()
    throw thrown
  }
  let catalog = createCatalog(registry, settings, timeouts)
  let state: RegistryState = { file, readAt: now(), problem: undefined }

  function reread(text: string | undefined): void {
    try {
      registry = read(text)
      catalog = createCatalog(registry, settings, timeouts)
      state = { file, readAt: now(), problem: undefined }
      logger.info(`the registry of models was read anew from ${file}`)
    } catch (thrown) {
      const problem = thrown instanceof Error ? thrown.message : String(thrown)
      state = { ...state, problem }
      logger.warn?.(`the registry of models was kept as it was: ${problem}`)
    }
  }

  return {
    get isOffline() {
      return catalog.isOffline
    },
    providers: () => catalog.providers(),
    provider: (name) => catalog.provider(name),
    get: (name) => catalog.get(name),
    list: () => catalog.list(),
    defaultModelId: () => catalog.defaultModelId(),
    registry: () => registry,
    state: () => state,
    stop: () => watch?.stop(),
  }
}

function now(): string {
  return new Date().toISOString()
}
