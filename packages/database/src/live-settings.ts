import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type LiveSetting, liveSettings, SettingName, type SettingValue } from '@weft/contracts'

/** A setting that is set in the database, and the key that set it. */
export interface SetSetting {
  name: SettingName
  value: SettingValue
  updatedAt: string
  updatedBy: { keyId: string; name: string }
}

/** Reads the settings from where they are stored. Throws what the database throws. */
export interface SettingsStore {
  /** Grows with every change. */
  version(): Promise<number>
  read(): Promise<SetSetting[]>
}

export interface LiveSettings<T extends object> {
  /** The environment, in which what is set in the database takes the place of its variables at each reading. Do not copy it: a copy no longer changes. */
  settings: T
  /** A setting of the database, as last read; undefined when it is not set. */
  get(name: SettingName): SetSetting | undefined
  /** The entries laid over the registry of models. */
  overlay: { value(): SettingValue | undefined; onChange(listener: () => void): void }
  /** The version of the settings that were last read. */
  version(): number
  /** Reads at once what has changed. Throws what the store throws. */
  refresh(): Promise<void>
  /**
   * Begins to read every `pollMs` what has changed; while the database is away, what was last read counts. Settles once the settings were read, so that no
   * request is served by the environment alone, or after `pollMs` when the database does not answer.
   */
  start(): Promise<void>
  stop(): void
}

export interface LiveSettingsOptions<T extends object> {
  environment: T
  store: SettingsStore
  logger: { info(message: string, details: object): unknown; warn(message: string, details: object): unknown }
  /** Default 3 s. */
  pollMs?: number
}

const pollMsDefault = 3_000
/** The wait until the next try, as long as nothing was read yet: the database was often started a moment before this process. */
const firstPollMs = 200
/** Failures in a row after which it is logged: a database that is starting fails the first times. */
const failuresTold = 20

/** The settings that may change while a process runs. What is set in the database takes precedence over the environment. */
export function createLiveSettings<T extends object>(options: LiveSettingsOptions<T>): LiveSettings<T> {
  const { environment, store, logger, pollMs = pollMsDefault } = options
  const overlayListeners: (() => void)[] = []
  let set = new Map<SettingName, SetSetting>()
  let version = 0
  let reading: Promise<void> | undefined
  let failures = 0
  let stopped: AbortController | undefined

  async function read(): Promise<void> {
    // Read before the values, so that a change in between is noticed next time.
    const newest = await store.version()
    if (newest === version) return
    const before = set.get('models')?.value
    set = new Map((await store.read()).map((each) => [each.name, each]))
    version = newest
    logger.info('settings were read', { version, set: [...set.keys()].join(', ') })
    if (!isDeepStrictEqual(before, set.get('models')?.value)) for (const tell of overlayListeners) tell()
  }

  /** Reads follow one another, so that an older answer never replaces a newer one. */
  function refresh(): Promise<void> {
    const own = (reading ?? Promise.resolve()).catch(() => undefined).then(read)
    reading = own
    return own
  }

  async function poll(): Promise<boolean> {
    try {
      await refresh()
      failures = 0
      return true
    } catch (cause) {
      failures += 1
      if (failures === failuresTold) logger.warn('settings are kept as they were last read', { cause: String(cause) })
      return false
    }
  }

  async function pollOn(onRead: () => void, signal: AbortSignal): Promise<void> {
    let wasRead = false
    while (!signal.aborted) {
      wasRead = (await poll()) || wasRead
      if (wasRead) onRead()
      await sleep(wasRead ? pollMs : Math.min(firstPollMs, pollMs), undefined, { ref: false, signal }).catch(() => undefined)
    }
  }

  return {
    settings: layOver(environment, (name) => set.get(name)?.value),
    get: (name) => set.get(name),
    version: () => version,
    overlay: { value: () => set.get('models')?.value, onChange: (tell) => void overlayListeners.push(tell) },
    refresh,
    async start() {
      stopped = new AbortController()
      const { promise, resolve } = Promise.withResolvers<void>()
      void pollOn(resolve, stopped.signal)
      const read = new AbortController()
      // The only thing that keeps a process running that waits here for its database: it must not end.
      await Promise.race([promise, sleep(pollMs, undefined, { signal: read.signal }).catch(() => undefined)])
      read.abort()
    },
    stop: () => stopped?.abort(),
  }
}

/** `models` is left out: its value holds entries of the registry, but the variable names the registry's file, so one cannot replace the other. */
const inPlaceOfVariables = SettingName.exclude(['models']).options

function layOver<T extends object>(environment: T, setValue: (name: SettingName) => SettingValue | undefined): T {
  const own = new Map<string, unknown>(Object.entries(environment))
  const getters = inPlaceOfVariables.map((name) => {
    const { variable, unset }: LiveSetting = liveSettings[name]
    const get = () => {
      const value = setValue(name)
      if (value === undefined) return own.get(variable)
      return value === unset ? undefined : value
    }
    return [variable, { get, enumerable: true }] as const
  })
  return Object.defineProperties({ ...environment }, Object.fromEntries(getters))
}
