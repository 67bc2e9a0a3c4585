/** Which links to approval pages have decided already; shared by all copies of the gateway. */
export interface PageTokens {
  /** Whether this is the token's first and only use. */
  consume(token: { tenant: string; token: string; expiresAtMs: number }): Promise<boolean>
  /** Gives a token back that could not be used after all. */
  release(token: { tenant: string; token: string }): Promise<void>
}
