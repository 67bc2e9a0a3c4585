import { isDeepStrictEqual } from 'node:util'
import { type ApprovalChange, isRecord, type WorkflowPlan, type WorkflowStep } from '@weft/contracts'

/** Differences shown at most; the plans themselves are in the log. */
const changesMax = 200

/** What a changed plan changes, by path such as `steps.send.params.to`; empty when nothing. */
export function comparePlans(before: WorkflowPlan, after: WorkflowPlan): ApprovalChange[] {
  const old = new Map(before.steps.map((step) => [step.stepId, step]))
  const next = new Map(after.steps.map((step) => [step.stepId, step]))
  const ids = [...new Set([...old.keys(), ...next.keys()])]
  const changes = ids.flatMap((id) => compareSteps(`steps.${id}`, old.get(id), next.get(id)))
  if (before.answerStepId !== after.answerStepId) {
    changes.push({ path: 'answerStepId', before: before.answerStepId, after: after.answerStepId })
  }
  return changes.slice(0, changesMax)
}

function compareSteps(path: string, before: WorkflowStep | undefined, after: WorkflowStep | undefined): ApprovalChange[] {
  if (before === undefined || after === undefined) return isDeepStrictEqual(before, after) ? [] : [change(path, before, after)]
  const { params: oldParams, ...old } = before
  const { params: newParams, ...next } = after
  return [...compareFields(path, old, next), ...compareArguments(`${path}.params`, oldParams, newParams)]
}

/** What changed in arguments, key by key where both are objects. */
export function compareArguments(path: string, before: unknown, after: unknown): ApprovalChange[] {
  if (isRecord(before) && isRecord(after)) return compareFields(path, before, after)
  return isDeepStrictEqual(before, after) ? [] : [change(path, before, after)]
}

function compareFields(path: string, before: object, after: object): ApprovalChange[] {
  const old = new Map<string, unknown>(Object.entries(before))
  const next = new Map<string, unknown>(Object.entries(after))
  const keys = [...new Set([...old.keys(), ...next.keys()])]
  return keys
    .filter((key) => !isDeepStrictEqual(old.get(key), next.get(key)))
    .map((key) => change(`${path}.${key}`, old.get(key), next.get(key)))
    .slice(0, changesMax)
}

function change(path: string, before: unknown, after: unknown): ApprovalChange {
  return { path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }
}
