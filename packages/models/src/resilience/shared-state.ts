/**
 * A few small values that all processes of the mesh share, as in Dapr's state store. Both methods throw while it is away.
 */
export interface SharedState {
  get(key: string): Promise<{ value: unknown; etag: string } | undefined>
  /** Stores the value if the key still has this etag; with an undefined etag, if the key does not exist. Answers whether it did. */
  compareAndSet(key: string, value: unknown, etag: string | undefined): Promise<boolean>
}
