/** Remembers, for all gateways together, which links to approval pages have been used to decide. */
export interface PageTokens {
  /** Uses a token; resolves to false if it was used before. */
  consume(token: { tenant: string; token: string; expiresAtMs: number }): Promise<boolean>
  /** Gives a token back that could not be used after all. */
  release(token: { tenant: string; token: string }): Promise<void>
}
