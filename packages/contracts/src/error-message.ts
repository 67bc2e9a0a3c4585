/** What a thrown value says, for a log or as the reason within another message. Anything may be thrown, so it need not be an Error. */
export function errorMessage(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
