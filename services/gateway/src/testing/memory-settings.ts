import { SettingName } from '@weft/contracts'
import type { SetSetting } from '@weft/database'
import type { SettingsDeps } from '../routes/settings/settings-deps.ts'

/** Settings as the database keeps them, over an environment. */
export function createMemorySettings(
  environment: Record<string, unknown> = {},
  models: SettingsDeps['models'] = { withOverlay: () => ({ get: () => undefined }), fileOverlay: () => undefined },
): SettingsDeps {
  const set = new Map<SettingName, SetSetting>()
  let version = 0
  return {
    environment,
    models,
    live: { get: (name) => set.get(name), version: () => version, refresh: async () => undefined },
    changes: {
      async write({ settings, by, afterVersion }) {
        if (afterVersion !== version) return false
        version += 1
        for (const name of SettingName.options) {
          const value = settings[name]
          if (value === null) set.delete(name)
          else if (value !== undefined) set.set(name, { name, value, updatedAt: '2026-11-01T00:00:00.000Z', updatedBy: by })
        }
        return true
      },
    },
  }
}
