import { describe, expect, it } from '@jest/globals'
import { describeIngestion, emptyReport, ingestionJson } from './ingestion-report.ts'

const report = {
  ...emptyReport({ id: 'vs_1', name: 'notes' }, false),
  added: ['a.md', 'b.md'],
  removed: ['c.md'],
  renamed: [{ from: 'd.md', to: 'e.md' }],
  unchanged: 7,
  skipped: Array.from({ length: 8 }, (_, index) => ({ path: `/notes/${index}.png`, reason: 'binary' })),
  failed: [{ path: 'f.txt', reason: 'not UTF-8' }],
  bytesUploaded: 3_145_728,
  durationMs: 1_234,
}

describe('the report of an ingestion', () => {
  it('counts everything on its last line', () => {
    expect(describeIngestion(report).at(-1)).toBe(
      'Store "notes": 2 added, 0 changed, 1 renamed, 1 removed, 7 unchanged, 8 skipped, 1 failed (3.0 MiB uploaded, 1.2 s)',
    )
  })

  it('groups what was skipped by reason, and shows a few of many', () => {
    const lines = describeIngestion(report)
    expect(lines[0]).toBe('skipped  8 paths: binary')
    expect(lines.slice(1, 7).map((line) => line.trim())).toEqual([
      ...['/notes/0.png', '/notes/1.png', '/notes/2.png', '/notes/3.png', '/notes/4.png'],
      '… and 3 more',
    ])
  })

  it('names every failure with its reason', () => {
    expect(describeIngestion(report)).toContain('failed   f.txt: not UTF-8')
  })

  it('lists what a dry run would do', () => {
    const lines = describeIngestion({ ...report, isDryRun: true })
    expect(lines.slice(0, 4)).toEqual(['add      a.md', 'add      b.md', 'rename   d.md → e.md', 'remove   c.md'])
    expect(lines.at(-1)).toContain('Dry run for "notes": 2 would be added')
  })

  it('has counts and paths for programs', () => {
    expect(ingestionJson(report)).toMatchObject({
      added: 2,
      removed: 1,
      renamed: 1,
      unchanged: 7,
      failed: [{ path: 'f.txt' }],
      paths: { added: ['a.md', 'b.md'], renamed: [{ from: 'd.md', to: 'e.md' }] },
    })
  })
})
