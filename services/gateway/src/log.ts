/** What this service writes to the log: one line a business event, ids and facts beside the message. */
export interface Log {
  info(message: string, facts?: object): unknown
  warn(message: string, facts?: object): unknown
  error(message: string, facts?: object): unknown
}
