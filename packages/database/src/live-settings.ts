import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type LiveSetting, liveSettings, SettingName, type SettingValue } from '@weft/contracts'

/** A setting as it is set in the database, and by which key. */
export interface SetSetting {
  name: SettingName
  value: SettingValue
  updatedAt: string
  updatedBy: { keyId: string; name: string }
}

/** Throws what its database throws. */
export interface SettingsStore {
  /** Grows with every change. */
  version(): Promise<number>
  read(): Promise<SetSetting[]>
}

export interface LiveSettings<T extends object> {
  /** The environment; what is set in the database takes the place of its variables, each time one is read. Not to be copied. */
  settings: T
  /** What is set in the database, as last read. */
  get(name: SettingName): SetSetting | undefined
  /** The entries laid over the registry of models. */
  overlay: { value(): SettingValue | undefined; onChange(listener: () => void): void }
  /** Which version that is. */
  version(): number
  /** Reads now what has changed. Throws what the store throws. */
  refresh(): Promise<void>
  /**
   * Reads every few seconds what has changed; while the database is away, what was last read counts. Settles once they were read, so that nobody is
   * served by the environment alone, or after `pollMs` without a database.
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
/** How soon it is looked again until they were read once: what starts a process has often just started its database. */
const firstPollMs = 200
/** A database that is starting fails the first times. */
const failuresTold = 20

/** The settings of a process that may change while it runs: the database over the environment. */
export function createLiveSettings<T extends object>(options: LiveSettingsOptions<T>): LiveSettings<T> {
  const { environment, store, logger, pollMs = pollMsDefault } = options
  const overlayListeners: (() => void)[] = []
  let set = new Map<SettingName, SetSetting>()
  let version = 0
  let reading: Promise<void> | undefined
  let failures = 0
  let stopped: AbortController | undefined

  async function read(): Promise<void> {
    // Asked before the values are: a change in between is read again.
    const newest = await store.version()
    if (newest === version) return
    const before = set.get('models')?.value
    set = new Map((await store.read()).map((each) => [each.name, each]))
    version = newest
    logger.info('settings were read', { version, set: [...set.keys()].join(', ') })
    if (!isDeepStrictEqual(before, set.get('models')?.value)) for (const tell of overlayListeners) tell()
  }

  /** One after another, so that an older answer never comes last. */
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
      await Promise.race([promise, sleep(pollMs, undefined, { ref: false })])
    },
    stop: () => stopped?.abort(),
  }
}

/** The registry is laid over the file, not in the place of its name. */
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
