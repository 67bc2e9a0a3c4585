import { auditDay, type Audit } from '@weft/tests/day/audit-day.ts'
import { startBillingUpstream } from '@weft/tests/day/billing-upstream.ts'
import { liveDay, type Refusals, type Seen } from '@weft/tests/day/live-day.ts'
import { planDay } from '@weft/tests/day/plan-day.ts'
import { freePort } from '@weft/tests/mesh/running-mesh.ts'
import { startBenchGateways } from '../measuring/bench-gateways.ts'
import { watchLoad } from '../measuring/machine-load.ts'
import { markdownTable } from '../measuring/markdown-table.ts'
import { recordResults } from '../measuring/record-results.ts'

/**
 * `node bench/day-of-tenants/main.ts [calls] [seconds] [seed]`: a day of fifty tenants with so many calls each, in so many seconds, through three gateways, each of
 * which is killed (SIGKILL) once and started again. Afterwards the ledger, the budgets and an invoice for each tenant are compared with the provider's own bill.
 */
const each = Number(process.argv[2] ?? 200)
const seconds = Number(process.argv[3] ?? 120)
const seed = Number(process.argv[4] ?? 7)
const tenants = 50

const load = watchLoad()
const port = await freePort()
const upstream = await startBillingUpstream(port)
const mesh = await startBenchGateways({ count: 3, upstreamUrl: `http://127.0.0.1:${port}/v1` })
try {
  const day = planDay({ tenants, each, seed })
  const kills = { at: [0.3, 0.5, 0.7], kill: mesh.kill }
  const lived = await liveDay({ day, gateways: mesh.urls, adminKey: mesh.apiKey, run: 'day', dayTakesMs: seconds * 1_000, kills })
  report(await auditDay({ url: mesh.urls[0] ?? '', tenants: lived.tenants, billed: upstream.billed }), lived)
} finally {
  await mesh.stop()
  await upstream.stop()
}

function report(audit: Audit, { seen, refusals }: { seen: Seen; refusals: Refusals }): void {
  const { discrepancies, invoices, outcomes, rows } = audit
  const sum = (of: (invoice: Audit['invoices'][number]) => number) => invoices.reduce((all, invoice) => all + of(invoice), 0)
  const usd = (amount: number) => `${amount.toFixed(2)} USD`
  const counted = (of: Record<string, number>) =>
    Object.entries(of)
      .toSorted()
      .map(([what, count]) => `${count} ${what}`)
      .join(', ')
  const apart = [
    ['calls of the provider’s bill that the ledger does not have', discrepancies.missing],
    ['calls that the ledger has too many', discrepancies.doubled],
    ['whole answers whose tokens or cost differ', discrepancies.different],
    ['refused calls that cost something', discrepancies.wronglyPaid],
    ['unfinished calls that are not marked as estimated', discrepancies.unmarked],
    ['tenants whose sums, CSV, budget and invoice differ by a cent or less', discrepancies.tenantsApart],
    ['overspent USD', discrepancies.overspentNano / 1e9],
    ['USD still set aside', discrepancies.leakedNano / 1e9],
  ] as const
  const facts = [
    ['what callers saw', counted(seen)],
    ['calls in the ledger', `${rows}: ${counted(outcomes)}`],
    ['all invoices together', usd(sum(({ totalUsd }) => totalUsd))],
    ['of it for completed calls', usd(sum(({ totalUsd, estimatedUsd }) => totalUsd - estimatedUsd))],
    ['what the provider bills for these', usd(sum(({ upstreamCompletedUsd }) => upstreamCompletedUsd))],
    ['of it estimated, for calls that broke off', usd(sum(({ estimatedUsd }) => estimatedUsd))],
    ['what the provider had sent of these', usd(sum(({ upstreamOthersUsd }) => upstreamOthersUsd))],
  ]
  const largest = invoices.toSorted((left, right) => right.totalUsd - left.totalUsd).slice(0, 3)
  const lines = largest.flatMap(({ tenant, lines: own, totalUsd }) => [
    ...own.map(({ model, calls, inputTokens, outputTokens, usd: cost }) => [
      tenant,
      model,
      String(calls),
      String(inputTokens),
      String(outputTokens),
      usd(cost),
    ]),
    [tenant, 'all', '', '', '', usd(totalUsd)],
  ])
  const note = `Seed ${seed}: ${tenants} tenants, ${tenants * each} calls in ${seconds} s: streams, whole answers and embeddings of four models; some refused by the provider, three in ten streams of one model broken off by it (its breaker opens then: half of its calls have another model to answer, the others get 503) or left by their readers; five of ten tenants have a budget that runs out (reject, degrade, throttle, by tenant or agent). Three gateways, each killed once (SIGKILL) and started again by the mesh; a caller asks the next gateway where one is down. Of a call that broke off, by its reader or a kill, the ledger estimates what had arrived; the provider had sent more, up to all of it.`
  recordResults({
    name: 'day-of-tenants',
    title: 'A day of fifty tenants, to the cent',
    load,
    body: [
      markdownTable(
        ['what does not add up', 'count'],
        apart.map(([what, count]) => [what, String(count)]),
      ),
      markdownTable(['the day', ''], facts),
      markdownTable(
        ['refused with', 'calls'],
        Object.entries(refusals)
          .toSorted(([, left], [, right]) => right - left)
          .map(([what, count]) => [what, String(count)]),
      ),
      `The three largest invoices, made of \`/v1/usage/calls?format=csv\`:\n\n${markdownTable(['tenant', 'model', 'calls', 'input', 'output', 'cost'], lines)}`,
      note,
    ].join('\n\n'),
  })
  if (Object.values(discrepancies).some((count) => count > 0)) process.exitCode = 1
}
