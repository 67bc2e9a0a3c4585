import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { parser } from '@prometheus-io/lezer-promql'
import { parseJson } from '@weft/contracts'
import { z } from 'zod'
import { flagOf, readCompose } from './compose-file.ts'
import { appIds, readText, readYaml, root } from './deploy-files.ts'

/** What others than our services report: Prometheus itself, and Dapr (pkg/diagnostics, Go's process collector). */
const foreignMetrics = ['up', 'process_cpu_seconds_total', 'process_resident_memory_bytes', 'dapr_resiliency_cb_state']

const Alerts = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      rules: z.array(
        z.object({
          alert: z.string(),
          expr: z.string(),
          for: z.string().optional(),
          labels: z.object({ severity: z.enum(['page', 'ticket']) }),
          annotations: z.looseObject({ summary: z.string() }),
        }),
      ),
    }),
  ),
})
const Board = z.looseObject({
  uid: z.string(),
  title: z.string(),
  panels: z.array(
    z.looseObject({
      id: z.number(),
      title: z.string(),
      type: z.string(),
      gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
      targets: z.array(z.looseObject({ expr: z.string(), datasource: z.looseObject({ uid: z.string() }) })).default([]),
    }),
  ),
})
const Scrape = z.looseObject({
  rule_files: z.array(z.string()),
  scrape_configs: z.array(
    z.looseObject({
      job_name: z.string(),
      static_configs: z.array(z.object({ targets: z.array(z.string()), labels: z.object({ service_name: z.string() }) })),
    }),
  ),
})

const rules = readYaml('deploy/prometheus/alerts.yml', Alerts).groups.flatMap((group) => group.rules)
const board = parseJson(Board, readText('deploy/grafana/boards/mesh.json'), 'the board')
const scrape = readYaml('deploy/prometheus/prometheus.yml', Scrape)
const panels = board.panels.filter(({ type }) => type !== 'row')
const queries = [
  ...rules.map(({ alert, expr }) => ({ where: `alert ${alert}`, expr })),
  ...panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }) => ({ where: `panel ${title}`, expr: expr.replaceAll('$__rate_interval', '5m') })),
  ),
]

describe('alerts and boards', () => {
  it.each(queries)('$where is PromQL', ({ expr }) => {
    expect(errorsIn(expr)).toEqual([])
  })

  it('PromQL that is none is noticed', () => {
    expect(errorsIn('sum(rate(up[5m])) by (')).not.toEqual([])
  })

  it.each(queries)('$where asks for metrics that somebody reports', ({ expr }) => {
    const known = reportedMetrics()
    const asked = metricsIn(expr)
    expect(asked.length).toBeGreaterThan(0)
    for (const name of asked) expect([name, known.some((metric) => isSeriesOf(metric, name))]).toEqual([name, true])
  })

  it('watch what must be watched', () => {
    const names = rules.map(({ alert }) => alert)
    expect(names).toEqual(
      expect.arrayContaining(['GatewayAnswersErrors', 'SidecarDown', 'EventLogBehind', 'EventLoopDelayed', 'ServiceRestarts']),
    )
    expect(new Set(names).size).toBe(names.length)
  })
})

describe('the board', () => {
  it('shows panels with ids of their own, none over another', () => {
    expect(new Set(board.panels.map(({ id }) => id)).size).toBe(board.panels.length)
    for (const [index, { gridPos: a, title }] of board.panels.entries()) {
      expect([title, a.x + a.w <= 24]).toEqual([title, true])
      for (const { gridPos: b } of board.panels.slice(index + 1)) {
        expect([title, a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h]).toEqual([title, false])
      }
    }
  })

  it('reads the data source that is provisioned, from the folder that is mounted', () => {
    const { datasources } = readYaml(
      'deploy/grafana/provisioning/datasources/prometheus.yaml',
      z.looseObject({ datasources: z.array(z.looseObject({ uid: z.string(), url: z.string() })) }),
    )
    expect(datasources).toMatchObject([{ uid: 'prometheus', url: 'http://prometheus:9090' }])
    for (const { targets } of panels) for (const target of targets) expect(target.datasource.uid).toBe('prometheus')
    const { providers } = readYaml(
      'deploy/grafana/provisioning/dashboards/boards.yaml',
      z.looseObject({ providers: z.array(z.looseObject({ options: z.object({ path: z.string() }) })) }),
    )
    const mounts = readCompose().services.grafana?.volumes ?? []
    expect(mounts).toContain(`./deploy/grafana/boards:${providers[0]?.options.path}:ro`)
  })
})

describe('Prometheus', () => {
  it('asks every sidecar, placement and scheduler at the port they report on', () => {
    const { services } = readCompose()
    const targets = scrape.scrape_configs
      .flatMap(({ static_configs }) => static_configs)
      .flatMap(({ targets, labels }) => targets.map((target) => ({ target, ...labels })))
    expect(targets.map(({ service_name }) => service_name).toSorted()).toEqual([...appIds, 'placement', 'scheduler'].toSorted())
    for (const { target, service_name } of targets) {
      const reporter = services[`${service_name}-daprd`] ?? services[service_name]
      expect(target).toBe(`${service_name}:${reporter === undefined ? '' : flagOf(reporter, 'metrics-port')}`)
    }
  })

  it('takes what the services push, and loads the alerts', () => {
    const prometheus = readCompose().services.prometheus
    expect(prometheus?.command).toContain('--web.enable-otlp-receiver')
    expect(prometheus?.volumes).toContain('./deploy/prometheus:/etc/prometheus:ro')
    expect(scrape.rule_files).toEqual(['/etc/prometheus/alerts.yml'])
  })
})

function errorsIn(expr: string): string[] {
  const errors: string[] = []
  parser.parse(expr).iterate({
    enter: (node) =>
      node.type.isError ? void errors.push(`at ${node.from}: ${expr.slice(node.from, node.from + 20)}`) : undefined,
  })
  return errors
}

/** Names of series, and the patterns of `__name__=~"…"`. */
function metricsIn(expr: string): string[] {
  const found: string[] = []
  parser.parse(expr).iterate({
    enter: (node) => {
      if (node.name === 'Identifier' && node.node.parent?.name === 'VectorSelector') found.push(expr.slice(node.from, node.to))
    },
  })
  return [...found, ...[...expr.matchAll(/__name__=~"([^"]+)"/g)].map((match) => match[1] ?? '')]
}

function isSeriesOf(metric: string, asked: string): boolean {
  const pattern = new RegExp(`^(?:${asked})$`)
  return ['', '_total', '_bucket', '_sum', '_count'].some((suffix) => pattern.test(`${metric}${suffix}`))
}

/** Every instrument that the code of packages and services makes, as Prometheus names it, and those of others. */
function reportedMetrics(): string[] {
  const sources = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', 'packages/*.ts', 'services/*.ts'],
    { cwd: root, encoding: 'utf8' },
  )
    .split('\n')
    .filter((path) => path !== '' && !path.endsWith('.test.ts'))
  const made = sources.flatMap((path) => {
    const text = readFileSync(join(root, path), 'utf8')
    return [...text.matchAll(/(?:\.|create(?:Observable)?)(?:[cC]ounter|[hH]istogram|[gG]auge)\(\s*'([^']+)'/g)].map(
      (match) => match[1]?.replaceAll('.', '_') ?? '',
    )
  })
  return [...made, ...foreignMetrics]
}
