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

/** Others may change settings between the look at them and the writing. */
const triesMax = 5

/** Changes all of these settings, or none: they are checked as they will stand together. Throws `invalid_request` naming the one that is wrong. */
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
      // It is written: a look that fails is made again in a moment, as every process does.
      await live.refresh().catch(() => undefined)
      return
    }
  }
  throw new WeftError('conflict', 'the settings are being changed by others; look at them, and try again')
}

/** A registry may be long, and hold addresses with passwords in them: its entries are named. */
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
  const isWriter = model?.capabilities?.includes('chat') ?? true
  if (model !== undefined && isWriter) return
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
