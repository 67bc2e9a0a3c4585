import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const namedTest = /`([^`]+\.test\.ts)`: (.+?) \|$/gm

/** What a page of promises says of tests that are not there. */
export function checkGuarantees(root: string, page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8')
  return [...text.matchAll(namedTest)].flatMap(([, file = '', name = '']) => {
    const path = join(root, file)
    if (!existsSync(path)) return [`${page}: ${file} is not there`]
    return readFileSync(path, 'utf8').includes(name) ? [] : [`${page}: ${file} has no test "${name}"`]
  })
}
