/**
 * A few small values that all processes of the mesh share, such as its state store. Both methods throw while it is away.
 */
export interface SharedState {
  get(key: string): Promise<{ value: unknown; etag: string } | undefined>
  /** Stores the value if the key still has this etag, or does not exist where the etag is undefined. Answers whether it did. */
  compareAndSet(key: string, value: unknown, etag: string | undefined): Promise<boolean>
}
