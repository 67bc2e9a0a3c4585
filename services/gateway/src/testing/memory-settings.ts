import { SettingName } from '@weft/contracts'
import type { SetSetting } from '@weft/database'
import type { SettingChanges } from '../live-settings/setting-changes.ts'
import type { SettingsDeps } from '../routes/settings/settings-deps.ts'

const noModels: SettingsDeps['models'] = { withOverlay: () => ({ get: () => undefined }), fileOverlay: () => undefined }

/** Settings as the database keeps them, over an environment. */
export function createMemorySettings(
  environment: Record<string, unknown> = {},
  models = noModels,
): { settings: Omit<SettingsDeps, 'audit'>; changes: SettingChanges } {
  const set = new Map<SettingName, SetSetting>()
  let version = 0
  const live: SettingsDeps['live'] = { get: (name) => set.get(name), version: () => version, refresh: async () => undefined }
  return {
    settings: { environment, models, live },
    changes: {
      async write({ settings, by, afterVersion }) {
        if (afterVersion !== version) return false
        version += 1
        const updated = { updatedAt: '2026-11-01T00:00:00.000Z', updatedBy: { keyId: by.keyId, name: by.name } }
        for (const name of SettingName.options) {
          const value = settings[name]
          if (value === null) set.delete(name)
          else if (value !== undefined) set.set(name, { name, value, ...updated })
        }
        return true
      },
    },
  }
}
