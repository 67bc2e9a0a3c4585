export type { ActorState, SharedNote, StateWrite } from './actor-state.ts'
export { type ArmedCrashes, armCrashPoints, type CrashSite, crashSites, mayCrashAround } from './crash-points.ts'
export { type ActorType, createActorHost } from './dapr-actor-host.ts'
export { createActorState, createReminders, type Reminders } from './dapr-actor-state.ts'
export { createSharedState, type SharedState } from './dapr-shared-state.ts'
export {
  type ActorCall,
  componentNames,
  createSidecar,
  type InvokeOptions,
  type Sidecar,
  type StreamOptions,
} from './dapr-sidecar.ts'
export { isSilence, isUnanswered, type SidecarResponse } from './dapr-transport.ts'
export type { Execute, ExecutionContext } from './execution.ts'
export { createFairPlaces, type FairPlaces, type Place } from './fair-places.ts'
export { type HealthCheck, type HealthReport, healthRoutes, runChecks } from './health.ts'
export { createInternalApp, handle, type InternalAppOptions } from './internal-app.ts'
export { createKeptResults, type KeptExecution, type KeptResults } from './kept-results.ts'
export { listen, type RunningServer } from './listen.ts'
export { readLines } from './ndjson.ts'
export { type OutboundLimits, postOutbound, requireOutboundUrl } from './outbound-post.ts'
export { runService, type Service } from './run-service.ts'
export { type AgentOptions, serveAgent } from './serve-agent.ts'
export { startServiceTelemetry, type TelemetrySettings } from './start-service-telemetry.ts'
export { isUnsent } from './unsent-call.ts'
