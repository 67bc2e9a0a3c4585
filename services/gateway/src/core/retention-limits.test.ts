import { expect, it } from '@jest/globals'
import { limitsOf } from './retention-limits.ts'

it('keeps sessions and audit for ever, and calls for 400 days, unless it is told otherwise', () => {
  expect(limitsOf({}, 'acme')).toEqual({ sessions: undefined, calls: 400, audit: undefined })
  expect(limitsOf({ WEFT_LEDGER_DAYS: 'none', WEFT_SESSION_RETENTION_DAYS: 30 }, 'acme')).toEqual({
    ...{ sessions: 30, calls: undefined, audit: undefined },
  })
})

it('goes by what is said of a tenant itself, as far as that goes', () => {
  const settings = {
    WEFT_SESSION_RETENTION_DAYS: 30,
    WEFT_TENANT_RETENTION: { acme: { sessions: 'none' as const, audit: 0.5 } },
  }
  expect(limitsOf(settings, 'acme')).toEqual({ sessions: undefined, calls: 400, audit: 0.5 })
  expect(limitsOf(settings, 'constructor')).toEqual({ sessions: 30, calls: 400, audit: undefined })
})
