import type { RequestHandler, Router } from 'express'
import { listSettings } from './list-settings.ts'
import { putSettings } from './put-settings.ts'
import type { SettingsDeps } from './settings-deps.ts'

/** What may be set while the mesh runs. For administrators of the operator's tenant. */
export function mountSettings(router: Router, deps: SettingsDeps, isAdmin: RequestHandler): void {
  router.get('/v1/settings', isAdmin, listSettings(deps))
  router.put('/v1/settings', isAdmin, putSettings(deps))
}
