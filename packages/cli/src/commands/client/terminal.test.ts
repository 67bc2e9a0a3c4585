import { Writable } from 'node:stream'
import { expect, it } from '@jest/globals'
import { createTerminal } from './terminal.ts'

function listen(isTTY: boolean) {
  let heard = ''
  const stream = new Writable({
    write(bytes, _encoding, done) {
      heard += String(bytes)
      done()
    },
  })
  return { stream: Object.assign(stream, { isTTY }), heard: () => heard }
}

/** Erases the line it stands in, goes up, and turns what follows around. */
const steering = 'pay\u001b[2K\u001b[1A\r\u202e\u009b1mBob'
const spelt = 'pay\\u001b[2K\\u001b[1A\\u000d\\u202e\\u009b1mBob'

it('is not steered by what others wrote, whatever says it', () => {
  const out = listen(false)
  const error = listen(false)
  const terminal = createTerminal({ out: out.stream, error: error.stream })
  terminal.print(steering)
  terminal.write(steering)
  terminal.note(steering)
  terminal.noteDimmed(steering)
  expect(out.heard()).toBe(`${spelt}\n${spelt}`)
  expect(error.heard()).toBe(`${spelt}\n${spelt}`)
})

it('is not steered by a status line either', () => {
  const error = listen(true)
  createTerminal({ out: listen(true).stream, error: error.stream }).showProgress(steering)
  expect(error.heard()).toBe(`\r\u001b[2K${spelt}`)
})

it('shows lines, tabs and letters of any script as they are', () => {
  const out = listen(false)
  createTerminal({ out: out.stream, error: listen(false).stream }).print('a\tb\r\n‏שלום‎ 👍')
  expect(out.heard()).toBe('a\tb\r\n‏שלום‎ 👍\n')
})
