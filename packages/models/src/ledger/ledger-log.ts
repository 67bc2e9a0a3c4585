export interface LedgerLog {
  info(message: string, details?: object): unknown
  warn(message: string, details?: object): unknown
}

export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
