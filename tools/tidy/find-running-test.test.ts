import { expect, it } from '@jest/globals'
import { hasRunningTest } from './find-running-test.ts'

it.each([
  "it('holds', () => {})",
  "describe('it', () => {\n  it('holds', () => {})\n})",
  "it.each([1])('holds', () => {})",
  "it.each([\n  1,\n])('holds', () => {})",
  "const onLinux = isLinux ? it : it.skip\n\nonLinux(\n  'holds',\n  () => {},\n)",
  'describe.each([\n  1,\n])("of %s", () => {\n  const some = 1\n\n  it("holds", () => {})\n})',
])('finds the test that runs in %j', (text) => {
  expect(hasRunningTest(text, 'holds')).toBe(true)
})

it.each([
  "it('holds', () => {})".replace('holds', 'holds not'),
  "// it('holds', () => {})",
  "it.skip('holds', () => {})",
  "xit('holds', () => {})",
  "it.todo('holds')",
  "it.skip.each([\n  1,\n])('holds', () => {})",
  "const off = it.skip\noff('holds', () => {})",
  "describe.skip('it', () => {\n  it('holds', () => {})\n})",
  "xdescribe('it', () => {\n  const some = 1\n\n  it('holds', () => {})\n})",
  "describe.skip.each([\n  1,\n])('of %s', () => {\n  it('holds', () => {})\n})",
  "const title = 'holds'",
])('finds none in %j', (text) => {
  expect(hasRunningTest(text, 'holds')).toBe(false)
})
