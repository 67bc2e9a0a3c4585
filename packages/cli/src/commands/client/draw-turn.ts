import type { StepView, TurnView } from '@weft/contracts'

const marks: Record<StepView['status'], string> = {
  pending: '·',
  ready: '○',
  dispatched: '▶',
  awaiting_approval: '?',
  succeeded: '✓',
  failed: '✗',
  skipped: '-',
  cancelled: '■',
}

/** The steps of a turn as a tree. Each step is below the deepest of its dependencies and names the others, and shows its state and what it waits for. */
export function drawTurn({ steps }: Pick<TurnView, 'steps'>, nowMs: number): string[] {
  const parents = treeParents(steps)
  const draw = (parent: string | undefined, indent: string): string[] => {
    const children = steps.filter(({ stepId }) => parents.get(stepId) === parent)
    return children.flatMap((step, index) => {
      const isLast = index === children.length - 1
      const branch = parent === undefined ? '' : isLast ? '└─ ' : '├─ '
      const below = parent === undefined ? '' : isLast ? '   ' : '│  '
      const others = step.dependsOn.filter((id) => id !== parent && steps.some(({ stepId }) => stepId === id))
      return [`${indent}${branch}${drawStep(step, others, nowMs)}`, ...draw(step.stepId, indent + below)]
    })
  }
  return draw(undefined, '  ')
}

function drawStep(step: StepView, others: string[], nowMs: number): string {
  const { stepId, agent, capability, status, attempt, waitingFor, problem, isReused, childSessionId } = step
  const parts = [
    `${marks[status]} ${stepId}  ${agent}.${capability}  ${status}${timeOf(step, nowMs)}`,
    ...(others.length === 0 ? [] : [`after ${others.join(', ')}`]),
    ...(attempt > 1 ? [`attempt ${attempt}`] : []),
    ...(isReused ? ['reused'] : []),
    ...(childSessionId === undefined ? [] : [`session ${childSessionId}`]),
    ...(waitingFor === undefined || status === 'pending' ? [] : [waitText(waitingFor)]),
    ...(problem === undefined ? [] : [problem.message]),
  ]
  return parts.join('  ')
}

function timeOf({ startedAt, endedAt }: StepView, nowMs: number): string {
  if (startedAt === undefined) return ''
  return ` ${(Math.max(0, (endedAt === undefined ? nowMs : Date.parse(endedAt)) - Date.parse(startedAt)) / 1_000).toFixed(1)} s`
}

function waitText({ cause, owner, deadline }: NonNullable<StepView['waitingFor']>): string {
  return `waits for ${cause}${owner === undefined ? '' : ` (${owner})`}${deadline === undefined ? '' : ` until ${deadline}`}`
}

/** The deepest dependency of each step. Plans have no cycles; one that had would be drawn flat. */
function treeParents(steps: StepView[]): Map<string, string | undefined> {
  const depths = new Map<string, number>()
  const byId = new Map(steps.map((step) => [step.stepId, step]))
  const depthOf = (stepId: string, seen: ReadonlySet<string>): number => {
    const known = depths.get(stepId)
    const step = byId.get(stepId)
    if (known !== undefined || step === undefined || seen.has(stepId)) return known ?? -1
    const depth = 1 + Math.max(-1, ...step.dependsOn.map((id) => depthOf(id, new Set([...seen, stepId]))))
    depths.set(stepId, depth)
    return depth
  }
  for (const { stepId } of steps) depthOf(stepId, new Set())
  const known = ({ dependsOn }: StepView) => dependsOn.filter((id) => byId.has(id))
  return new Map(
    steps.map((step) => [step.stepId, known(step).toSorted((a, b) => (depths.get(b) ?? 0) - (depths.get(a) ?? 0))[0]]),
  )
}
