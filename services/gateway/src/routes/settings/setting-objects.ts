import { type LiveSetting, liveSettings, SettingName } from '@weft/contracts'
import type { SettingsDeps } from './settings-deps.ts'

type Shown = Pick<SettingsDeps, 'live' | 'environment' | 'models'>

/** Every setting with its value, where the value comes from, and who set it. */
export function settingObjects(deps: Shown) {
  return SettingName.options.map((name) => {
    const { variable, default: usual, description }: LiveSetting = liveSettings[name]
    return { name, ...holding(name, deps), default: usual, variable, description }
  })
}

function holding(name: SettingName, deps: Shown) {
  const set = deps.live.get(name)
  if (set !== undefined) {
    return { value: set.value, source: 'database' as const, updatedAt: set.updatedAt, updatedBy: set.updatedBy }
  }
  const given = name === 'models' ? deps.models.fileOverlay() : fromVariable(name, deps.environment)
  if (given !== undefined) return { value: given, source: 'environment' as const }
  return { value: liveSettings[name].default, source: 'default' as const }
}

/** The value of the setting's environment variable, as a number when the setting takes numbers. */
function fromVariable(name: SettingName, environment: Shown['environment']): unknown {
  const { variable, value }: LiveSetting = liveSettings[name]
  const given = environment[variable]
  if (given === undefined || given === '') return undefined
  const number = value.safeParse(Number(given))
  return number.success ? number.data : given
}
