import { type PutSettings, RegistryOverlay, type SettingName, WeftError } from '@weft/contracts'
import type { LiveSettings } from '@weft/database'
import { type Models, RegistryError } from '@weft/models'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Actor } from '../core/actor.ts'

export interface ChangeSettingsDeps {
  live: Pick<LiveSettings<object>, 'get' | 'version' | 'refresh'>
  audit: Pick<AuditLog, 'act'>
  models: Pick<Models, 'withOverlay'>
}

/** How often a change is tried again because other settings were changed between its check and its writing. */
const triesMax = 5

/** Changes all of these settings or none, after a check of how all settings will be together. Throws `invalid_request` naming the one that is wrong. */
export async function changeSettings(
  { live, audit, models }: ChangeSettingsDeps,
  { settings: wanted, by }: { settings: PutSettings; by: Actor },
): Promise<void> {
  for (let tries = 0; tries < triesMax; tries++) {
    await live.refresh()
    checkTogether({ live, models }, wanted)
    const afterVersion = live.version()
    const isWritten = await audit.act(by, async ({ settings }, note) => {
      if (!(await settings.write({ settings: wanted, by, afterVersion }))) return false
      note({ action: 'settings.changed', target: `version ${afterVersion + 1}`, details: { settings: briefly(wanted) } })
      return true
    })
    if (isWritten) {
      // The change is written, so it is no failure when this read fails: every process reads the settings again within a moment.
      await live.refresh().catch(() => undefined)
      return
    }
  }
  throw new WeftError('conflict', 'the settings are being changed by others; look at them, and try again')
}

/**
 * The settings as the audit log tells them. Of a registry it has only the ids of its entries, because entries may be long, and contain addresses with
 * passwords.
 */
function briefly({ models, ...others }: PutSettings): object {
  const overlay = RegistryOverlay.safeParse(models).data
  if (overlay === undefined) return { ...others, ...(models === undefined ? {} : { models }) }
  const ids = (entries: { id: string }[] = []) => entries.map(({ id }) => id)
  return { ...others, models: { providers: ids(overlay.providers), models: ids(overlay.models) } }
}

function checkTogether({ live, models }: Pick<ChangeSettingsDeps, 'live' | 'models'>, settings: PutSettings): void {
  if (settings.models === undefined && settings.defaultModel === undefined) return
  const willBe = (name: SettingName) => (settings[name] === undefined ? live.get(name)?.value : (settings[name] ?? undefined))
  const available = modelsWith(models, willBe('models'))
  const wanted = willBe('defaultModel')
  if (typeof wanted !== 'string' || wanted === 'auto') return
  const model = available.get(wanted)
  const writesText = model?.capabilities?.includes('chat') ?? true
  if (model !== undefined && writesText) return
  const why = model === undefined ? 'no provider with a key or address serves' : 'writes no text'
  throw new WeftError('invalid_request', `'defaultModel' names '${wanted}', which ${why}`, { param: 'defaultModel' })
}

function modelsWith(models: ChangeSettingsDeps['models'], overlay: unknown) {
  try {
    return models.withOverlay(overlay)
  } catch (thrown) {
    if (!(thrown instanceof RegistryError)) throw thrown
    throw new WeftError('invalid_request', `'models' cannot be used: ${thrown.message}`, { param: 'models', cause: thrown })
  }
}
