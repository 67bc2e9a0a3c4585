export interface LedgerLog {
  info(message: string, details?: object): unknown
  warn(message: string, details?: object): unknown
}
