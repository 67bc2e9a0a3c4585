import type { BudgetPeriod } from '@weft/contracts'

/** When the period around a moment began and when it ends, in Unix milliseconds. Days and months are those of UTC; `total` never ends. */
export function periodAt(period: BudgetPeriod, atMs: number): { startMs: number; endMs: number | undefined } {
  const at = new Date(atMs)
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()]
  switch (period) {
    case 'day':
      return { startMs: Date.UTC(year, month, day), endMs: Date.UTC(year, month, day + 1) }
    case 'month':
      return { startMs: Date.UTC(year, month), endMs: Date.UTC(year, month + 1) }
    case 'total':
      return { startMs: 0, endMs: undefined }
  }
}
