/** What one check of `weft doctor` found, and what to do when it is wrong. */
export interface Finding {
  what: string
  ok: boolean
  detail: string
  remedy?: string
}
