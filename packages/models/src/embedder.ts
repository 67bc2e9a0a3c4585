import type { Embedder } from '@weft/contracts'

/** An embedder that holds threads or calls until it is stopped. What it throws is a ModelError. */
export type RunningEmbedder = Embedder & { stop(): Promise<void> }
