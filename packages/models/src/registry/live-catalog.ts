import { errorMessage } from '@weft/contracts'
import type { ModelTimeouts } from '../attempt/call-guard.ts'
import { type ModelSettings, textSetting } from '../model-settings.ts'
import { type Catalog, createCatalog } from './catalog.ts'
import { layRegistryOver, laySettingOver, parseOverlay, type Registry, RegistryError, readRegistry } from './read-registry.ts'
import { type FileWatch, watchText } from './watch-text.ts'

export interface LiveCatalogOptions {
  settings: ModelSettings
  timeouts: ModelTimeouts
  logger: { info(message: string): unknown; warn?(message: string): unknown }
  /** A registry in place of the package's. */
  registryFile?: string | undefined
  /** What is laid over the registry and its file; default: nothing. */
  overlay?: LiveOverlay | undefined
  /** How often the file of WEFT_MODELS_FILE is looked at; default 2,000. */
  pollMs?: number | undefined
}

/** Entries that are laid over the registry, and may change while the process runs. */
export interface LiveOverlay {
  value(): unknown
  onChange(listener: () => void): void
}

export interface RegistryState {
  /** The file laid over the built-in registry; undefined: none. */
  file: string | undefined
  /** When the registry in use was read, RFC 3339 UTC. */
  readAt: string
  /** Why a newer version is not in use. */
  problem: string | undefined
}

export interface LiveCatalog extends Catalog {
  registry(): Registry
  state(): RegistryState
  /** The entries of the file, in the version that is in use; undefined when there is no file. */
  fileOverlay(): unknown
  /** The catalog as it would be with another overlay. Throws RegistryError. */
  withOverlay(overlay: unknown): Pick<Catalog, 'get'>
  stop(): void
}

const fromSettings = 'the settings'

/**
 * The catalog of the built-in registry, with the file of WEFT_MODELS_FILE laid over it, and over both what is set while the process runs. A change counts from the
 * next call on. A version that cannot be used changes nothing; the log and `state` say why. Throws RegistryError when the first version cannot be used.
 */
export function createLiveCatalog(options: LiveCatalogOptions): LiveCatalog {
  const { settings, timeouts, logger, overlay, pollMs } = options
  const base = readRegistry(options.registryFile)
  const file = textSetting(settings, 'WEFT_MODELS_FILE')
  const watch: FileWatch | undefined = file === undefined ? undefined : watchText(file, { pollMs, onChange: rereadFile })
  const readFile = (text: string | undefined) => {
    if (file === undefined) return { text, registry: base }
    if (text === undefined) throw new RegistryError(`${file}: the file of WEFT_MODELS_FILE cannot be read`)
    return { text, registry: layRegistryOver(base, text, file) }
  }
  const laySetting = (under: Registry, value = overlay?.value()) => (value === undefined ? under : laySettingOver(under, value))
  let used: { text: string | undefined; registry: Registry }
  let registry: Registry
  try {
    used = readFile(watch?.text)
    registry = laySetting(used.registry)
  } catch (thrown) {
    watch?.stop()
    throw thrown
  }
  let catalog = createCatalog(registry, settings, timeouts)
  let readAt = now()
  const problems = new Map<string, string>()
  overlay?.onChange(() => change(fromSettings, () => used))

  function rereadFile(text: string | undefined): void {
    change(`${file}`, () => readFile(text))
  }

  function change(from: string, read: () => typeof used): void {
    try {
      const next = read()
      // A setting that could not be used before must not keep a new version of the file out.
      const mayStayOut = from === file && problems.has(fromSettings)
      const laid = mayStayOut ? madeOrNot(() => laySetting(next.registry)) : laySetting(next.registry)
      registry = laid ?? next.registry
      used = next
      catalog = createCatalog(registry, settings, timeouts)
      readAt = now()
      problems.delete(from)
      // The setting could be laid over the new file, so its own problem is gone too.
      if (from === file && laid !== undefined) problems.clear()
      logger.info(`the registry of models was read anew from ${from}`)
    } catch (thrown) {
      const problem = errorMessage(thrown)
      problems.set(from, problem)
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
    state: () => ({ file, readAt, problem: problems.values().next().value }),
    fileOverlay: () => (file === undefined || used.text === undefined ? undefined : parseOverlay(used.text, file)),
    withOverlay: (value) => createCatalog(laySetting(used.registry, value ?? {}), settings, timeouts),
    stop: () => watch?.stop(),
  }
}

function madeOrNot(make: () => Registry): Registry | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}

function now(): string {
  return new Date().toISOString()
}
