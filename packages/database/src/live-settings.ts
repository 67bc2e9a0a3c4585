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
  /** Reads every few seconds what has changed; while the database is away, what was last read counts. */
  start(): void
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
/** A database that is starting fails the first times. */
const failuresTold = 5

/** The settings of a process that may change while it runs: the database over the environment. */
export function createLiveSettings<T extends object>(options: LiveSettingsOptions<T>): LiveSettings<T> {
  const { environment, store, logger, pollMs = pollMsDefault } = options
  const overlayListeners: (() => void)[] = []
  let set = new Map<SettingName, SetSetting>()
  let version = 0
  let reading: Promise<void> | undefined
  let failures = 0
  let timer: NodeJS.Timeout | undefined

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

  async function poll(): Promise<void> {
    try {
      await refresh()
      failures = 0
    } catch (cause) {
      failures += 1
      if (failures === failuresTold) logger.warn('settings are kept as they were last read', { cause: String(cause) })
    }
  }

  function pollOn(): void {
    timer = setTimeout(() => void poll().finally(() => timer !== undefined && pollOn()), pollMs).unref()
  }

  return {
    settings: layOver(environment, (name) => set.get(name)?.value),
    get: (name) => set.get(name),
    version: () => version,
    overlay: { value: () => set.get('models')?.value, onChange: (tell) => void overlayListeners.push(tell) },
    refresh,
    start() {
      void poll()
      pollOn()
    },
    stop() {
      clearTimeout(timer)
      timer = undefined
    },
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
