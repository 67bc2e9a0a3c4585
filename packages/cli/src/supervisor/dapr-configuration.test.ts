import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { rootFolder } from '../cli-settings.ts'
import { readSpanTarget, renderDaprConfiguration } from './dapr-configuration.ts'

describe('where sidecars send spans', () => {
  it('sends over plain HTTP when the standard variables say nothing else', () => {
    const target = readSpanTarget({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' })
    expect(target).toEqual({ endpointAddress: '127.0.0.1:4318', isSecure: false, protocol: 'http' })
  })

  it('prefers the endpoint and protocol for traces, and knows the port of https', () => {
    const target = readSpanTarget({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://collector.example/v1/traces',
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc',
    })
    expect(target).toEqual({ endpointAddress: 'collector.example:443', isSecure: true, protocol: 'grpc' })
  })

  it('sends none without an endpoint, or when OpenTelemetry is switched off', () => {
    expect(readSpanTarget({})).toBeUndefined()
    expect(readSpanTarget({ OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' })).toBeUndefined()
  })
})

it('fills the names file and the span target into the shipped configuration and keeps the rest', () => {
  const spans = { endpointAddress: '127.0.0.1:4318', isSecure: false, protocol: 'http' } as const
  const rendered: unknown = JSON.parse(
    renderDaprConfiguration(join(rootFolder, 'dapr', 'config.yaml'), { namesDatabase: '/data dir/names.db', spans }),
  )
  expect(rendered).toMatchObject({
    kind: 'Configuration',
    spec: {
      nameResolution: {
        component: 'sqlite',
        configuration: { connectionString: 'file:/data dir/names.db', updateInterval: '10s' },
      },
      tracing: { samplingRate: '1', otel: spans },
      metric: { enabled: true },
      features: [
        { name: 'ActorStateTTL', enabled: true },
        { name: 'HotReload', enabled: false },
      ],
      secrets: { scopes: [{ storeName: 'env', defaultAccess: 'deny' }] },
    },
  })
})

it('names the names file so that a folder with any characters is found', () => {
  const place = { namesDatabase: "/my $x/50%/what?/#1/it's/ä/names.db", spans: undefined }
  const rendered: unknown = JSON.parse(renderDaprConfiguration(join(rootFolder, 'dapr', 'config.yaml'), place))
  const connectionString = "file:/my %24x/50%25/what%3F/%231/it's/ä/names.db"
  expect(rendered).toMatchObject({ spec: { nameResolution: { configuration: { connectionString } } } })
})

it('has the sidecars make no spans and keep no metrics when there is nowhere to send spans', () => {
  const place = { namesDatabase: '/names.db', spans: undefined }
  const rendered: unknown = JSON.parse(renderDaprConfiguration(join(rootFolder, 'dapr', 'config.yaml'), place))
  expect(rendered).toMatchObject({ spec: { tracing: { samplingRate: '0' }, metric: { enabled: false } } })
})
