/** Exact versions that are fetched or built, and the oldest ones accepted when the machine already has them. */
export const NODE_VERSION = '24.21.0'
export const NODE_MINIMUM = '24.0.0'
export const PNPM_VERSION = '12.21.0'
export const DAPR_VERSION = '1.18.2'
export const DAPR_MINIMUM = '1.18.0'
export const DAPR_CLI_VERSION = '1.16.5'
/** XAUTOCLAIM, which Dapr's Redis pub/sub relies on, arrived in 6.2. */
export const REDIS_MINIMUM = '6.2.0'
/** From 1.21 on, Go fetches by itself the newer compiler that a module asks for. */
export const GO_MINIMUM = '1.21.0'
