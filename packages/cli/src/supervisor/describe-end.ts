/** How a process ended, in words for logs and `weft doctor`. `isOwnKill`: its supervisor killed it. */
export function describeEnd(end: { code: number | null; signal: string | null; isOwnKill: boolean }): string {
  if (end.signal === null) return `exited with ${end.code}`
  const isByOthers = end.signal === 'SIGKILL' && !end.isOwnKill
  return `was ended by ${end.signal}${isByOthers ? ', as the system does when memory runs out,' : ''}`
}
