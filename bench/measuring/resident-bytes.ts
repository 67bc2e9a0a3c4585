import { readFileSync } from 'node:fs'

const everyMs = 200
const pageBytes = 4_096

/** Watches how far a process's resident memory grows beyond what it is now; NaN where there is no /proc. */
export function watchResidentBytes(pid: number | undefined): { grownBytes(): number } {
  const start = read()
  let most = start
  const timer = setInterval(() => {
    most = Math.max(most, read())
  }, everyMs)
  timer.unref()
  return {
    grownBytes() {
      clearInterval(timer)
      return Math.max(most, read()) - start
    },
  }

  function read(): number {
    try {
      return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * pageBytes
    } catch {
      return Number.NaN
    }
  }
}
