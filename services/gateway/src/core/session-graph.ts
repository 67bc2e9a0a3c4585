import type { StepView, TurnView } from '@weft/contracts'

const colors: Record<StepView['status'], string> = {
  pending: 'fill:#eeeeee,stroke:#999999,color:#333333',
  ready: 'fill:#e3f2fd,stroke:#64b5f6,color:#0d47a1',
  dispatched: 'fill:#bbdefb,stroke:#1976d2,color:#0d47a1',
  awaiting_approval: 'fill:#fff3c4,stroke:#f0a500,color:#5c3d00,stroke-width:3px',
  succeeded: 'fill:#d7f5dd,stroke:#2e7d32,color:#1b5e20',
  failed: 'fill:#fddede,stroke:#c62828,color:#7f0000',
  skipped: 'fill:#f5f5f5,stroke:#bbbbbb,color:#888888,stroke-dasharray:4',
  cancelled: 'fill:#f5f5f5,stroke:#888888,color:#888888,stroke-dasharray:2',
}

/** A turn's plan as a Mermaid flowchart: each step with its state, what it waits for, and its class; the answer's step is rounded. */
export function sessionGraph({ steps, plan }: TurnView): string {
  const nodes = new Map(steps.map(({ stepId }, index) => [stepId, `s${index}`]))
  const boxes = steps.map((step, index) => `  s${index}${boxOf(step, step.stepId === plan?.answerStepId)}:::${step.status}`)
  const arrows = steps.flatMap(({ dependsOn }, index) =>
    dependsOn.flatMap((from) => (nodes.has(from) ? [`  ${nodes.get(from)} --> s${index}`] : [])),
  )
  const classes = Object.entries(colors).map(([status, color]) => `  classDef ${status} ${color}`)
  return `${['flowchart TD', ...boxes, ...arrows, ...classes].join('\n')}\n`
}

function boxOf(step: StepView, isAnswer: boolean): string {
  const { stepId, agent, capability, status, attempt, waitingFor, isReused, childSessionId } = step
  const lines = [
    stepId,
    `${agent}.${capability}`,
    `${status}${attempt > 1 ? `, attempt ${attempt}` : ''}${isReused ? ', reused' : ''}`,
    ...(waitingFor === undefined ? [] : [waitText(waitingFor)]),
    ...(childSessionId === undefined ? [] : [`session ${childSessionId}`]),
  ]
  const label = `"${lines.map(escapeLabel).join('<br/>')}"`
  return isAnswer ? `([${label}])` : `[${label}]`
}

const waitCharsMax = 120

function waitText({ cause, owner, deadline }: NonNullable<StepView['waitingFor']>): string {
  const text = `waits: ${cause}${owner === undefined ? '' : `, ${owner}`}${deadline === undefined ? '' : `, until ${deadline}`}`
  return text.length > waitCharsMax ? `${text.slice(0, waitCharsMax)}…` : text
}

/** Mermaid writes characters of its own syntax as `#code;`. */
function escapeLabel(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[^\p{L}\p{N} .,:_()/+…-]/gu, (character) => `#${character.codePointAt(0)};`)
}
