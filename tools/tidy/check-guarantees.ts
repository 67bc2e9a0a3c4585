import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasRunningTest } from './find-running-test.ts'

const namedTest = /`([^`]+\.test\.ts)`: (.+?) \|$/gm

/** What a page of promises says of tests that are not there, or do not run. */
export function checkGuarantees(root: string, page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8')
  return [...text.matchAll(namedTest)].flatMap(([, file = '', name = '']) => {
    const path = join(root, file)
    if (!existsSync(path)) return [`${page}: ${file} is not there`]
    return hasRunningTest(readFileSync(path, 'utf8'), name) ? [] : [`${page}: ${file} runs no test "${name}"`]
  })
}
