import { type ApprovalPolicy, ApprovalPolicyFile } from '@weft/contracts'
import {
  appSettings,
  databaseSettings,
  type Faults,
  faultSettings,
  loadYaml,
  readFaults,
  readSettings,
  telemetrySettings,
} from '@weft/settings'
import { z } from 'zod'

export const OrchestratorEnvironment = z.object({
  ...appSettings.shape,
  ...databaseSettings.shape,
  ...telemetrySettings.shape,
  ...faultSettings.shape,
  /** A YAML file with a list `policies`: who is asked before what, and how. None without it. */
  WEFT_APPROVAL_POLICIES: z.string().min(1).optional(),
})

export interface OrchestratorSettings extends z.infer<typeof OrchestratorEnvironment> {
  approvalPolicies: ApprovalPolicy[]
  faults: Faults | undefined
}

export function readOrchestratorSettings(): OrchestratorSettings {
  const environment = readSettings(OrchestratorEnvironment)
  const { WEFT_APPROVAL_POLICIES: path } = environment
  return {
    ...environment,
    approvalPolicies: path === undefined ? [] : loadYaml(path, ApprovalPolicyFile).policies,
    faults: readFaults(environment),
  }
}
