import { expect, it } from '@jest/globals'
import { WeftError } from '@weft/contracts'
import { runChecks } from '@weft/mesh'
import { createFindDown, dependencyChecks } from './dependency-checks.ts'

it('looks once for all who ask what is down at the same time, and anew for who asks later', async () => {
  let looks = 0
  const check = async () => {
    looks += 1
    return false
  }
  const findDown = createFindDown([{ name: 'database', isRequired: true, check }])
  expect(await Promise.all([findDown(), findDown(), findDown()])).toEqual([['database'], ['database'], ['database']])
  expect(looks).toBe(1)
  expect(await findDown()).toEqual(['database'])
  expect(looks).toBe(2)
})

it('names Redis when it takes no writes, although it answers reads', async () => {
  const sidecar = {
    isHealthy: async () => true,
    fetchFrom: async () => ({ status: 'ok' }) as never,
    saveState: async () =>
      Promise.reject(new WeftError('dependency_unavailable', "OOM command not allowed when used memory > 'maxmemory'")),
  }
  const checks = dependencyChecks({ database: { isHealthy: async () => true }, sidecar })
  expect(await runChecks(checks)).toMatchObject({ status: 'degraded', checks: { database: 'ok', redis: 'failed', rag: 'ok' } })
})
