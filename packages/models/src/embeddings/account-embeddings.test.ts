import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { CallControls } from '../attempt/call-controls.ts'
import { type Ledger, openLedger } from '../ledger/open-ledger.ts'
import { memoryCalls } from '../ledger/testing/calls.ts'
import { ModelError } from '../model-error.ts'
import { createRemoteEmbedder } from '../remote-embedder/remote-embedder.ts'
import { failureOf } from '../testing/collect-events.ts'
import { accountEmbeddings, accountLocally, type EmbeddingAccounts } from './account-embeddings.ts'

const logger = { info: () => undefined, warn: () => undefined }
const price = { inputUsd: 2, outputUsd: 0 }
const remote = { id: 'openai/vectors', provider: 'openai', price, priceKnown: true }
const locally = 'local/all-MiniLM-L6-v2'
let folder: string
let calls: ReturnType<typeof memoryCalls>
let ledger: Ledger
let asked: string[]
let isStopped: boolean

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-embeddings-'))
  calls = memoryCalls()
  ledger = openLedger({ folder, service: 'rag', calls, logger })
  asked = []
  isStopped = false
})
afterEach(async () => {
  if (!isStopped) await ledger.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function kept() {
  await ledger.stop()
  isStopped = true
  return [...calls.kept.values()]
}

function accounts(controls: CallControls = {}): EmbeddingAccounts {
  return { controls: { ledger, ...controls }, modelOf: (id) => (id === remote.id ? remote : undefined), agent: 'rag' }
}

/** A provider that counts a text as so many tokens, or does not count. */
function openRemote({ tokens, controls }: { tokens?: number; controls?: CallControls }) {
  const limits = { inputsMax: 10, tokensMax: 100_000, textTokensMax: 1_000 }
  const send = async (texts: string[]) => {
    asked.push(...texts)
    const data = texts.map((_, index) => ({ index, embedding: [1, 0] }))
    return { data, ...(tokens === undefined ? {} : { usage: { total_tokens: tokens * texts.length } }) }
  }
  const wire = { provider: 'openai', limits, send }
  return createRemoteEmbedder({ id: remote.id, wire, calls: accountEmbeddings(remote.id, accounts(controls)) })
}

const texts = Array.from({ length: 25 }, (_, n) => `text ${n}`)

describe('calls of an embedding model', () => {
  it('are in the ledger, one for each request to the provider, on the account of the tenant', async () => {
    await openRemote({ tokens: 3 }).embed({ texts, purpose: 'document', tenant: 'acme' })
    const records = await kept()
    const common = {
      kind: 'embedding',
      tenant: 'acme',
      agent: 'rag',
      model: remote.id,
      outcome: 'completed',
      measured: true,
      price,
    }
    expect(records).toMatchObject([
      { ...common, inputTokens: 30, costUsd: 60e-6 },
      { ...common, inputTokens: 30, costUsd: 60e-6 },
      { ...common, inputTokens: 15, costUsd: 30e-6 },
    ])
  })

  it('are on the account of the step that searches', async () => {
    const scope = { tenant: 'acme', user: 'ann', sessionId: 'sess_1', turn: 2, stepId: 'find', agent: 'rag' }
    await openRemote({ tokens: 3 }).embed({ texts: ['rain'], purpose: 'query', tenant: 'other', scope })
    expect(await kept()).toMatchObject([{ ...scope, inputTokens: 3 }])
  })

  it.each([{ tokens: -5 }, {}])('are estimated where the provider did not count: %j', async (count) => {
    const { inputTokens } = await openRemote(count).embed({ texts: ['eight le'], purpose: 'query', tenant: 'acme' })
    expect(await kept()).toMatchObject([{ inputTokens: 2, costUsd: 4e-6, measured: false }])
    expect(inputTokens).toBe(2)
  })

  it('are not made when a budget has no room', async () => {
    const refuse = () => {
      throw new ModelError('budget_exceeded', 'no room', { isRetryable: false })
    }
    const embedder = openRemote({ controls: { budgets: { reserve: refuse } } })
    expect(await failureOf(embedder.embed({ texts: ['rain'], purpose: 'document', tenant: 'acme' }))).toMatchObject({
      code: 'budget_exceeded',
    })
    expect([asked, await kept()]).toEqual([[], []])
  })

  it('cost nothing where the model runs in the mesh, and ask nobody', async () => {
    const reserve = () => {
      throw new ModelError('budget_exceeded', 'no room')
    }
    const admit = () => {
      throw new ModelError('upstream_error', 'it keeps failing')
    }
    const embed = async () => ({ vectors: [[Float32Array.of(1)]], inputTokens: 7 })
    const calling = accountEmbeddings(locally, accounts({ budgets: { reserve }, breakers: { admit } }))
    await accountLocally(calling, { embed }).embed({ texts: ['rain'], purpose: 'query', tenant: 'acme' })
    expect(await kept()).toMatchObject([
      { kind: 'embedding', model: locally, tenant: 'acme', inputTokens: 7, costUsd: 0, measured: true, priceKnown: true },
    ])
  })

  it('are recorded once: not by a service that embeds for another which keeps account', async () => {
    await openRemote({ tokens: 3 }).embed({ texts: ['rain'], purpose: 'query' })
    expect([asked, await kept()]).toEqual([['rain'], []])
  })
})
