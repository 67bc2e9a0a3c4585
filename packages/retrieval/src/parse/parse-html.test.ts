import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parseFile } from './parse-file.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

describe('an HTML page', () => {
  const read = async (html: string) => (await parseFile({ filename: 'a.html', bytes: bytes(html) })).text

  it('keeps its structure and loses its machinery', async () => {
    const text = await read(`<!doctype html><html><head><title>On &amp; off</title><style>p{}</style></head><body><nav>Menu</nav>
      <h1>Main</h1><p>One <b>bold</b> word,<br>two   lines.</p><ul><li>first<ul><li>inner</li></ul></li><li>second</li></ul>
      <ol><li>a</li><li>b</li></ol><table><tr><th>k</th><th>v</th></tr><tr><td>x</td><td><p>1</p></td></tr></table>
      <pre>  code\n    here</pre><p hidden>unseen</p><p style="display: none">unseen</p><script>alert(1)</script>End</body></html>`)
    expect(text).toBe(
      '# On & off\n\n# Main\n\nOne bold word,\ntwo lines.\n\n- first\n  - inner\n- second\n\n1. a\n2. b\n\n| k | v |\n| x | 1 |\n\n```\n  code\n    here\n```\n\nEnd',
    )
  })

  it('loses the way through a manual, links beside headings, and marks where a word may be broken', async () => {
    const text =
      await read(`<html><head><title>25.1. Vacuum&shy;ing</title></head><body><div class="navheader"><table><tr><th>Prev</th></tr></table></div>
      <div role="navigation">Up</div><div class="sect1"><h2>25.1. Vacuuming<a class="headerlink" href="#x">¶</a></h2><p>Donau&shy;dampf&#8203;schiff</p>
      <div class="tip"><h3 class="title">Tip</h3><p>Do it at night.</p></div><h3>Cost</h3></div><div class="navfooter">Next</div></body></html>`)
    expect(text).toBe('# 25.1. Vacuuming\n\nDonaudampfschiff\n\nTip\n\nDo it at night.\n\n### Cost')
  })

  it.each(['<b>x', '<table><tr><td>x', '<ul><li>x', '<div class="note">x ', '<div></p>x', '<pre>x'])(
    'is read in little time although nobody closed 250,000 times %s',
    async (tags) => {
      const startedMs = performance.now()
      const text = await read(`<html><body>${tags.repeat(250_000)}<script>run()</script><p>The end<button>Go<button>on`)
      expect(performance.now() - startedMs).toBeLessThan(10_000)
      expect(text.split('x')).toHaveLength(250_001)
      expect(text).toMatch(/The end\W*$/)
    },
  )

  it('joins lines of its source where Japanese has no space', async () => {
    expect(await read('<p>サーバーを\n  再起動する。\nDebian を\n使う</p>')).toBe('サーバーを再起動する。 Debian を使う')
  })

  it('keeps a term with its description', async () => {
    const text =
      await read(`<p>Before</p><dl><dt></dt><dd>Alone</dd><dt><a id="x"></a><code>shared_buffers</code> (<code>integer</code>)
      <dd><p>Sets the amount of memory.</p><p>The default is 128 megabytes.</p><dl><dt>Note:</dt><dd>Restart.</dd></dl></dd>
      <dt>a</dt><dt>b</dt><dd>Both.</dd><dt>c</dt><dd><ul><li>one</li></ul></dd><dt>d</dt><dd><pre>code</pre></dd><dt>e</dt></dl><dl><dt>f</dt><dd>g</dd></dl><p>After</p>`)
    expect(text).toBe(
      'Before\n\nAlone\n\nshared_buffers (integer): Sets the amount of memory.\n\nThe default is 128 megabytes.\n\nNote: Restart.\n\n' +
        'a, b: Both.\n\nc\n- one\n\nd\n```\ncode\n```\n\ne\n\nf: g\n\nAfter',
    )
  })

  it('escapes what would end a cell, so that columns stay below each other', async () => {
    const text = await read(
      '<p>a | b</p><table><tr><th>flag</th><th>meaning</th></tr><tr><td>a|b</td><td><pre>x | y</pre></td></tr></table>',
    )
    expect(text).toBe('a | b\n\n| flag | meaning |\n| a\\|b | x \\| y |')
  })

  it('is read in the encoding it names', async () => {
    const page = (name: string, letters: number[]) =>
      Uint8Array.from([...bytes(`<html><head><meta charset="${name}"></head><body>`), ...letters])
    const text = async (named: Uint8Array) => (await parseFile({ filename: 'a.html', bytes: named })).text
    expect(await text(page('iso-8859-1', [0x5a, 0xfc, 0x72, 0x69, 0x63, 0x68]))).toBe('Zürich')
    expect(await text(page('Shift_JIS', [0x93, 0xfa, 0x96, 0x7b]))).toBe('日本')
    expect(await text(page('iso-8859-1', [...bytes('Zürich')]))).toBe('Zürich')
    expect(await text(page('no-such', [0x5a, 0xfc, 0x72, 0x69, 0x63, 0x68]))).toBe('Zürich')
  })

  it('is read however broken it is', async () => {
    expect(await read('<p>one<p>two<b><i>three</b></i> <table><td>cell</p> <')).toMatch(/one\n\ntwothree/)
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.constantFrom(
            '<p>',
            '</p>',
            '<td>',
            '</td>',
            '<pre>',
            '</pre>',
            '<li>',
            '<ul>',
            '</ul>',
            '<h2>',
            'a',
            ' ',
            '&lt;',
            '<',
            '"',
          ),
        ),
        async (parts) => {
          await expect(read(`${parts.join('')}<p>end`)).resolves.toContain('end')
        },
      ),
    )
  })
})
