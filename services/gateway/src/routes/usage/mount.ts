import type { RequestHandler, Router } from 'express'
import type { UsageStore } from '../../usage/usage-store.ts'
import { getCall } from './get-call.ts'
import { getUsage } from './get-usage.ts'
import { listCalls } from './list-calls.ts'

/** Usage: which models were called, and what that cost. For administrators of the tenant. */
export function mountUsage(router: Router, usage: UsageStore, isAdmin: RequestHandler): void {
  router.get('/v1/usage', isAdmin, getUsage(usage))
  router.get('/v1/usage/calls', isAdmin, listCalls(usage))
  router.get('/v1/usage/calls/:callId', isAdmin, getCall(usage))
}
