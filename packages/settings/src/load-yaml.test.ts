import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { z } from 'zod'
import { loadYaml } from './load-yaml.ts'

const Crew = z.object({ name: z.string(), members: z.array(z.object({ role: z.enum(['cook', 'pilot']), age: z.number() })) })

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-yaml-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function written(text: string): string {
  const path = join(folder, 'crew.yaml')
  writeFileSync(path, text)
  return path
}

it('reads a file against its schema', () => {
  const path = written('name: Kon-Tiki\nmembers:\n  - role: cook\n    age: 30\n')
  expect(loadYaml(path, Crew)).toEqual({ name: 'Kon-Tiki', members: [{ role: 'cook', age: 30 }] })
})

it('names file, line and field of everything that is wrong, and the enclosing line of what is missing', () => {
  const path = written(
    '# a crew\nmembers:\n  - role: cook\n    age: old\n  - { role: captain,\n      age: 40 }\n  - role: pilot\n',
  )
  expect(() => loadYaml(path, Crew)).toThrow(
    new RegExp(
      [
        `^${path} is not usable:`,
        `  ${path}:1 name: .*string.*`,
        `  ${path}:4 members.0.age: .*number.*`,
        `  ${path}:5 members.1.role: .*"cook"\\|"pilot".*`,
        `  ${path}:7 members.2.age: .*number.*$`,
      ].join('\n'),
    ),
  )
})

it('names the line on which a text stops being YAML', () => {
  const path = written('name: a\nmembers: [\n')
  expect(() => loadYaml(path, Crew)).toThrow(/crew\.yaml is not YAML:\n {2}.*crew\.yaml:3 /)
})

it('says that a file is not there', () => {
  expect(() => loadYaml(join(folder, 'none.yaml'), Crew)).toThrow(/none\.yaml is not readable:\n.*ENOENT/)
})
