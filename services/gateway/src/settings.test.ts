import { expect, it } from '@jest/globals'
import { GatewayEnvironment } from './settings.ts'

const Retention = GatewayEnvironment.pick({
  WEFT_SESSION_RETENTION_DAYS: true,
  WEFT_LEDGER_DAYS: true,
  WEFT_TENANT_RETENTION: true,
})

it('for how long what is kept is a number of days, or none; for single tenants JSON', () => {
  const given = {
    WEFT_SESSION_RETENTION_DAYS: '0.5',
    WEFT_LEDGER_DAYS: 'none',
    WEFT_TENANT_RETENTION: '{"acme":{"sessions":30,"audit":"none"}}',
  }
  expect(Retention.parse(given)).toEqual({
    ...{ WEFT_SESSION_RETENTION_DAYS: 0.5, WEFT_LEDGER_DAYS: 'none' },
    WEFT_TENANT_RETENTION: { acme: { sessions: 30, audit: 'none' } },
  })
  expect(Retention.parse({})).toEqual({})
})

it.each([
  ['WEFT_SESSION_RETENTION_DAYS', '0', /number of days above 0/],
  ['WEFT_SESSION_RETENTION_DAYS', 'long', /number of days above 0/],
  ['WEFT_TENANT_RETENTION', '{"acme": 30', /JSON/],
  ['WEFT_TENANT_RETENTION', '{"acme": {"session": 30}}', /session/],
  ['WEFT_TENANT_RETENTION', '{"Acme Ltd": {"sessions": 30}}', /tenants are named by/],
  ['WEFT_TENANT_RETENTION', '{"acme": {"sessions": -1}}', /number of days above 0/],
])('%s=%s is refused', (name, value, message) => {
  const { error } = Retention.safeParse({ [name]: value })
  expect(error?.issues).toMatchObject([{ path: [name], message: expect.stringMatching(message) }])
})
