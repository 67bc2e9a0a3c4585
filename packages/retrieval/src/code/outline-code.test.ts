import { describe, expect, it } from '@jest/globals'
import type { Block } from '../chunk/block.ts'
import { chunkText } from '../chunk/chunk-text.ts'
import { sliceCodePoints } from '../text/code-points.ts'
import { codeLanguageOf, codeLanguages } from './code-languages.ts'
import { outlineCode } from './outline-code.ts'

/** Per file name: source code, and what it declares with the names of members after those of what they are in. */
const samples: Record<string, [source: string, declared: string]> = {
  'a.ts': [
    '@dec()\nexport class A<T> {\n  f(a: number): void {}\n}\nexport const g = (x: number) => x\ninterface I { b: 1 }\ntype U = 1\nenum E { X }\n',
    'A A.f g I U E',
  ],
  'a.tsx': ['export function View() { return <b>hi</b> }\n', 'View'],
  'a.js': [
    'class A { static f() {} }\nfunction* g() {}\nmodule.exports = function () {}\ndescribe("the sum", () => {\n  it("adds up", () => {})\n})\n',
    'A A.f g module.exports the sum the sum.adds up',
  ],
  'a.py': ['@dec\nclass A(B):\n    async def f(self):\n        def inner(): pass\ndef g(): pass\n', 'A A.f A.f.inner g'],
  'a.java': [
    'package a;\n@Ann class A<T> {\n  A() {}\n  @Override int f(int a) { return 1; }\n}\ninterface I { void g(); }\nrecord R(int x) {}\n',
    'A A.A A.f I I.g R',
  ],
  'a.cs': [
    'namespace N {\n  public class A : B {\n    public int F(int a) => 1;\n    public int P { get; set; }\n  }\n}\n',
    'N N.A N.A.F N.A.P',
  ],
  'a.cpp': [
    'namespace n {\ntemplate <class T> class A {\n public:\n  int f(int x) { return 1; }\n};\n}\nint n::A::g(int x) { return 1; }\nint &h() { }\n',
    'n n.A n.A.f n::A::g h',
  ],
  'a.h': ['struct point { int x; };\nint f(int a) { return a; }\n', 'point f'],
  'a.c': [
    '#include <x.h>\nstatic int *f(int a) { return 0; }\nstruct point { int x; };\ntypedef int number;\nenum e { X };\n',
    'f point number e',
  ],
  'a.go': ['package p\nfunc F(x int) int { return 1 }\nfunc (a *A[T]) G() {}\ntype A struct { x int }\n', 'F A.G A'],
  'a.rs': [
    '#[derive(X)]\npub struct A { x: i32 }\nimpl<T> Tr for A<T> {\n  fn f(&self) -> i32 { 1 }\n}\ntrait Tr { fn g(); }\nmod m { fn q() {} }\n',
    'A A A.f Tr Tr.g m m.q',
  ],
  'a.php': ['<?php\nclass A extends B {\n  public function f(int $x): int { return 1; }\n}\nfunction g() {}\n', 'A A.f g'],
  'a.rb': ['module M\n  class A < B\n    def f(x)\n      1\n    end\n    def self.g; end\n  end\nend\n', 'M M.A M.A.f M.A.g'],
  'a.sh': ['#!/bin/bash\nf() { echo 1; }\nfunction g { echo 2; }\n', 'f g'],
  'a.ps1': ['function Get-X {\n  param($a)\n  $a\n}\nclass A {\n  [int] F() { return 1 }\n}\n', 'Get-X A A.F'],
  'a.kt': ['class A(val x: Int) {\n  fun f(): Int = 1\n}\nobject O {\n  fun g() {}\n}\nfun h(x: Int) {}\n', 'A A.f O O.g h'],
  'a.swift': ['class A {\n  @objc func f() -> Int { 1 }\n}\nextension A { func g() {} }\nprotocol P {}\n', 'A A.f A A.g P'],
  'a.scala': ['class A(x: Int) {\n  def f(y: Int): Int = y\n}\nobject O { def g = 1 }\ntrait T\n', 'A A.f O O.g T'],
  'a.lua': [
    'local function f(x) return x end\nfunction M.g(a) end\nfunction M:h() end\nlocal k = function() end\n',
    'f M.g M:h k',
  ],
  'a.dart': [
    'class A extends B {\n  @override\n  int f(int x) { return x; }\n  get q => 1;\n}\nint g(int x) { return 1; }\n',
    'A A.f A.q g',
  ],
  'a.ex': ['defmodule A.B do\n  @doc "y"\n  def f(x) when x > 1 do\n    x\n  end\n  defp g(x), do: x\nend\n', 'A.B A.B.f A.B.g'],
  'a.R': ['f <- function(x) {\n  x\n}\ng = function(y) y\n', 'f g'],
}

describe('outlineCode', () => {
  it.each(Object.entries(samples))('finds what %s declares', async (filename, [source, declared]) => {
    const blocks = await outline(filename, source)
    expect(declarationsOf(blocks).join(' ')).toBe(declared)
    expectWhole(blocks, source.length)
  })

  it('knows twenty languages, each shown above', () => {
    const shown = new Set(Object.keys(samples).map((filename) => codeLanguageOf(filename)?.name))
    expect(shown).toEqual(new Set(codeLanguages.map(({ name }) => name)))
    // TypeScript has two grammars.
    expect(shown.size - 1).toBe(20)
  })

  it('keeps comments and decorators with what they stand above, and a trailing comment with what it follows', async () => {
    const source = [
      '# A licence.',
      '',
      '# About f.',
      '@dec',
      'def f(): pass  # trails f',
      '# About g.',
      'def g(): pass',
      '',
      'x = 1',
    ].join('\n')
    const texts = (await outline('a.py', source)).map(({ start, end }) => source.slice(start, end).trim())
    expect(texts).toEqual(['# A licence.', '# About f.\n@dec\ndef f(): pass  # trails f', '# About g.\ndef g(): pass', 'x = 1'])
  })

  it.each([
    ['a bracket is left open', 'a.ts', 'function f() {\n  g(\n}\nfunction h() {}\n'],
    ['it is another language', 'a.py', '<html><body>It is & not <b>Python</b></body></html>\n'.repeat(5)],
    ['it is too large', 'a.js', 'f()\n'.repeat(100_000)],
    ['it was made to confuse the parser', 'a.cpp', 'a<'.repeat(40_000)],
  ])('leaves a file to the left margin when %s', async (_, filename, source) => {
    expect(await tryOutline(filename, source)).toBeUndefined()
  })

  it('reads on where a grammar does not know a new word', async () => {
    const source = `${'fun f(x: Int): Int {\n  return x\n}\n'.repeat(40)}fun interface I { fun q() }\n`
    expect(declarationsOf(await outline('a.kt', source)).slice(0, 40)).toEqual(Array(40).fill('f'))
  })
})

describe('chunks of code', () => {
  it('are whole declarations where they fit, and methods with the name of their class where it does not', async () => {
    const method = (name: string) =>
      `  /** ${name} does it. */\n  ${name}() {\n${'    this.value += compute(1, 2, 3)\n'.repeat(20)}  }\n`
    const small = (name: string) => `export function ${name}() {\n${'  call(1, 2, 3)\n'.repeat(30)}}\n`
    const source = `import x from 'y'\n\n${small('first')}\nclass Big {\n  value = 1\n\n${['a', 'b', 'c'].map(method).join('\n')}}\n\n${small('last')}`
    const blocks = await outline('a.ts', source)
    const chunks = [...chunkText({ text: source, kind: 'code', blocks })]
    expect(chunks.map(({ heading }) => heading)).toEqual(['', 'Big.a', 'Big.b', 'Big.c', 'last'])
    expect(chunks[1]?.text).toMatch(/^class Big {\n {2}value = 1\n\n {2}\/\*\* a does it/)
    expect(chunks[2]?.text).toMatch(/^\/\*\* b does it.*}$/s)
    expect(chunks[4]?.text).toBe(small('last').trim())
  })

  it('have exact offsets in any script', async () => {
    const source = [
      '# שלום עולם 👩‍👩‍👧‍👦',
      'class 漢字:',
      '    """مرحبا 😀"""',
      `    def مرحبا(self):\n${'        print("😀 漢字 שלום")\n'.repeat(60)}`,
      'def ünïcode(): return "🇩🇪"',
      '',
    ].join('\n')
    const blocks = await outline('a.py', source)
    expect(declarationsOf(blocks)).toEqual(['漢字', '漢字.مرحبا', 'ünïcode'])
    const chunks = [...chunkText({ text: source, kind: 'code', blocks })]
    for (const { start, end, text } of chunks) expect(sliceCodePoints(source, start, end)).toBe(text)
    expect(chunks.at(-1)?.text).toContain('🇩🇪')
  })
})

async function tryOutline(filename: string, source: string): Promise<Block[] | undefined> {
  const language = codeLanguageOf(filename)
  if (language === undefined) throw new TypeError(`${filename} is in no known language`)
  return outlineCode(source, language)
}

async function outline(filename: string, source: string): Promise<Block[]> {
  const blocks = await tryOutline(filename, source)
  if (blocks === undefined) throw new TypeError(`${filename} has no outline`)
  return blocks
}

function declarationsOf(blocks: Block[]): string[] {
  return blocks.flatMap(({ type, path, members = [] }) => [...(type === 'declaration' ? [path] : []), ...declarationsOf(members)])
}

/** Blocks, and the members of each, follow each other without gaps. */
function expectWhole(blocks: Block[], end: number, start = 0): void {
  let at = start
  for (const block of blocks) {
    expect(block.start).toBe(at)
    at = block.end
    if (block.members !== undefined) expectWhole(block.members, block.end, block.start)
  }
  expect(at).toBe(end)
}
