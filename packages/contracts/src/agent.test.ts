import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { AgentCard, AgentEvent, agentLimits, ExecuteRequest } from './agent.ts'
import { planLimits } from './plan.ts'

const page = readFileSync(join(import.meta.dirname, '../../../docs/agents.md'), 'utf8')
const blocksOf = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, text = '']) => text)
const [card, body] = blocksOf('json').map((text): unknown => JSON.parse(text))
const events = blocksOf('jsonl').flatMap((text) => text.trim().split('\n'))

describe('the page that tells how to write an agent', () => {
  it('shows a card and a request as they are, with no field that is not there', () => {
    expect(AgentCard.parse(card)).toMatchObject(Object(card))
    expect(ExecuteRequest.strict().parse(body)).toEqual(body)
  })

  it.each(events)('shows an event as it is read: %s', (line) => {
    const event: unknown = JSON.parse(line)
    expect(AgentEvent.parse(event)).toMatchObject(Object(event))
  })

  it('shows every event', () => {
    const shown = new Set(events.map((line) => AgentEvent.parse(JSON.parse(line)).type))
    expect([...shown].sort()).toEqual(AgentEvent.options.map(({ shape }) => shape.type.value).sort())
  })

  it('tells the bounds that hold', () => {
    for (const bound of [
      `${agentLimits.lineBytesMax.toLocaleString('en')} characters; ${agentLimits.streamBytesMax / 2 ** 20} MiB`,
      `${agentLimits.checkpointBytesMax / 2 ** 20} MiB`,
      `${agentLimits.messageCharsMax.toLocaleString('en')} characters; ${agentLimits.argsBytesMax / 2 ** 10} KiB`,
      `more than ${planLimits.stepsMax} steps in all`,
    ])
      expect(page).toContain(bound)
  })
})
