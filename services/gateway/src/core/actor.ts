/** The key that does something. */
export interface Actor {
  keyId: string
  name: string
  tenant: string
}
