import { type PutSettings, type SettingName, WeftError } from '@weft/contracts'
import type { LiveSettings } from '@weft/database'
import { type Models, RegistryError } from '@weft/models'
import type { SettingChange, SettingChanges } from './setting-changes.ts'

export interface ChangeSettingsDeps {
  live: Pick<LiveSettings<object>, 'get' | 'version' | 'refresh'>
  changes: SettingChanges
  models: Pick<Models, 'withOverlay'>
}

/** Others may change settings between the look at them and the writing. */
const triesMax = 5

/** Changes all of these settings, or none: they are checked as they will stand together. Throws `invalid_request` naming the one that is wrong. */
export async function changeSettings(
  { live, changes, models }: ChangeSettingsDeps,
  change: Omit<SettingChange, 'afterVersion'>,
): Promise<void> {
  for (let tries = 0; tries < triesMax; tries++) {
    await live.refresh()
    checkTogether({ live, models }, change.settings)
    if (await changes.write({ ...change, afterVersion: live.version() })) {
      await live.refresh()
      return
    }
  }
  throw new WeftError('conflict', 'the settings are being changed by others; look at them, and try again')
}

function checkTogether({ live, models }: Pick<ChangeSettingsDeps, 'live' | 'models'>, settings: PutSettings): void {
  if (settings.models === undefined && settings.defaultModel === undefined) return
  const willBe = (name: SettingName) => (settings[name] === undefined ? live.get(name)?.value : (settings[name] ?? undefined))
  const available = modelsWith(models, willBe('models'))
  const wanted = willBe('defaultModel')
  if (typeof wanted !== 'string' || wanted === 'auto' || available.get(wanted) !== undefined) return
  throw new WeftError('invalid_request', `'defaultModel' names '${wanted}', which no provider with a key or address serves`, {
    param: 'defaultModel',
  })
}

function modelsWith(models: ChangeSettingsDeps['models'], overlay: unknown) {
  try {
    return models.withOverlay(overlay)
  } catch (thrown) {
    if (!(thrown instanceof RegistryError)) throw thrown
    throw new WeftError('invalid_request', `'models' cannot be used: ${thrown.message}`, { param: 'models', cause: thrown })
  }
}
