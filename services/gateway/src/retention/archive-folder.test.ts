import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from '@jest/globals'
import { createArchiveFolder, type AppendOptions } from './archive-folder.ts'

const root = mkdtempSync(join(tmpdir(), 'weft-archive-'))
afterAll(() => rmSync(root, { recursive: true }))

const nowMs = () => Date.UTC(2026, 11, 1, 12)
const archive = (name: string) => createArchiveFolder({ folder: join(root, name), nowMs })
const write: AppendOptions<unknown>['line'] = (item, line) => line.write(JSON.stringify(item))
const sessions = (items: unknown[], more: Partial<AppendOptions<unknown>> = {}): AppendOptions<unknown> => ({
  ...{ tenant: 'acme', kind: 'sessions', items, line: write, confirm: async () => undefined },
  ...more,
})
const linesOf = (name: string) => readFileSync(join(root, name, 'acme', 'sessions-2026-12-01.jsonl'), 'utf8').split('\n')

describe('the archive', () => {
  it('has a file a day and tenant, for its owner’s eyes alone, that only grows', async () => {
    const { append } = archive('grows')
    expect(await append(sessions([1, 2]))).toEqual({ file: 'acme/sessions-2026-12-01.jsonl', written: [1, 2], problems: [] })
    await append(sessions([{ text: 'a\nb' }]))
    expect(linesOf('grows')).toEqual(['1', '2', '{"text":"a\\nb"}', ''])
    expect(statSync(join(root, 'grows', 'acme', 'sessions-2026-12-01.jsonl')).mode & 0o077).toBe(0)
    expect(statSync(join(root, 'grows', 'acme')).mode & 0o077).toBe(0)
  })

  it('takes back the line that a process left behind when it died writing it, however long it is', async () => {
    const { append } = archive('torn')
    await append(sessions(['whole']))
    appendFileSync(join(root, 'torn', 'acme', 'sessions-2026-12-01.jsonl'), `"${'half '.repeat(50_000)}`)
    await append(sessions(['next']))
    expect(linesOf('torn')).toEqual(['"whole"', '"next"', ''])
  })

  it('leaves out what cannot be read, and goes on with the others', async () => {
    const { append } = archive('unreadable')
    const line: AppendOptions<unknown>['line'] = async (item, to) => {
      await to.write('x'.repeat(200_000))
      if (item === 'bad') throw new Error('a row nobody can read')
      await to.write(`${item}`)
    }
    const { written, problems } = await append(sessions(['good', 'bad', 'fine'], { line }))
    expect([written, problems]).toEqual([['good', 'fine'], [new Error('a row nobody can read')]])
    expect(linesOf('unreadable').map((text) => text.replaceAll('x', ''))).toEqual(['good', 'fine', ''])
  })

  it('cuts nothing off once another process may be writing', async () => {
    const { append } = archive('lost')
    const line: AppendOptions<unknown>['line'] = async (item) => Promise.reject(new Error(String(item)))
    const confirm = async () => Promise.reject(new Error('another process removes what is old'))
    await expect(append(sessions(['bad'], { line, confirm }))).rejects.toThrow('another process')
  })

  it('has no line that two processes wrote, and tells the one that was late', async () => {
    const [late, early] = [archive('shared'), archive('shared')]
    const chunk = 'x'.repeat(100_000)
    const line: AppendOptions<unknown>['line'] = async (item, to) => {
      await to.write(`"${item}${chunk}`)
      await early.append(sessions(['early']))
      await to.write(`${chunk}"`)
    }
    await expect(late.append(sessions(['late'], { line }))).rejects.toMatchObject({ code: 'conflict' })
    expect(linesOf('shared')).toEqual(['"early"', ''])
  })

  it('has written no line in which another process wrote', async () => {
    const { append } = archive('torn-by-others')
    await append(sessions(['first']))
    const line: AppendOptions<unknown>['line'] = async (item, to) => {
      await to.write('x'.repeat(100_000))
      appendFileSync(join(root, 'torn-by-others', 'acme', 'sessions-2026-12-01.jsonl'), 'of another process')
      await to.write(`${item}`)
    }
    await expect(append(sessions(['second'], { line }))).rejects.toMatchObject({ code: 'conflict' })
    await append(sessions(['third']))
    expect(linesOf('torn-by-others')).toEqual(['"first"', '"third"', ''])
  })

  it('says why it takes nothing', async () => {
    const none = createArchiveFolder({ folder: undefined, nowMs })
    expect(await none.problem()).toMatch('WEFT_ARCHIVE_FOLDER')
    await expect(none.append(sessions([1]))).rejects.toMatchObject({ code: 'dependency_unavailable' })
    writeFileSync(join(root, 'a-file'), '')
    const { problem, append } = archive('a-file/below')
    expect(await problem()).toMatch(/cannot be written: .*ENOTDIR/)
    await expect(append(sessions([1]))).rejects.toThrow('nothing is removed')
    expect(await archive('fine').problem()).toBeUndefined()
  })
})
