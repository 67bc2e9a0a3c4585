import { createHash } from 'node:crypto'
import { beforeAll, expect, it, jest } from '@jest/globals'
import { parseFile, parsersVersion } from './parse-file.ts'
import { makePdf } from './testing/make-pdf.ts'

const page = `<title>T</title><h1>Main</h1><p>One <b>bold</b> word.</p><ul><li>a<ul><li>b</li></ul></li></ul><dl><dt>term</dt><dd>said</dd></dl>
  <table><tr><th>k</th></tr><tr><td>a|b</td></tr></table><pre>code</pre><nav>Menu</nav>`

// pdf.js warns that it cannot draw, which nobody asks of it here.
beforeAll(() => void jest.spyOn(console, 'warn').mockReturnValue())

/** What was read by each version: a change of this hash wants `parsersVersion` raised, and a line of its own. */
const readings = new Map([
  [1, 'ad7234d669ca735c'],
  [2, '709d0b1da49317d0'],
])

it('has another version as soon as these files are read otherwise', async () => {
  const hash = createHash('sha256')
  const files: [string, Uint8Array][] = [
    ['a.html', Buffer.from(page)],
    ['a.csv', Buffer.from('Stra\xdfe;Ort\nK\xf6nigsallee;D\xfcsseldorf\n', 'latin1')],
    [
      'a.eml',
      Buffer.from('From: Ann <a@example.com>\nSubject: =?utf-8?Q?=C3=84?=\nContent-Type: text/html\n\n<p>One <b>bold</b> word.'),
    ],
    ['a.pdf', await makePdf(['The experi-\nment is as well known as a well-\nknown rule.\n\n\nNext.', 'Second page.'])],
  ]
  for (const [filename, bytes] of files) hash.update(JSON.stringify(await parseFile({ filename, bytes })))
  expect(readings.get(parsersVersion)).toBe(hash.digest('hex').slice(0, 16))
})
