// Who may import whom. Each rule's comment says what it protects.
const test = '[.]test[.]ts$|/testing[.]ts$|/testing/'
const ours = '^(packages|services)/'

/** A package may import only the packages named; services only packages. */
const layers = [
  ['contracts', []],
  ['settings', []],
  ['telemetry', []],
  ['mesh', ['telemetry', 'contracts']],
  ['database', ['telemetry', 'contracts']],
  ['models', ['database', 'telemetry', 'contracts']],
  ['retrieval', ['database', 'telemetry', 'contracts']],
  ['cli', ['contracts', 'settings', 'database', 'retrieval']],
]

const layerRules = layers.map(([name, allowed]) => ({
  name: `layer-${name}`,
  comment: `packages/${name} imports only: ${allowed.join(', ') || 'none of ours'}`,
  severity: 'error',
  from: { path: `^packages/${name}/`, pathNot: `${test}|-main[.]ts$` },
  to: { path: ours, pathNot: `^packages/(${[name, ...allowed].join('|')})/` },
}))

module.exports = {
  forbidden: [
    ...layerRules,
    { name: 'no-cycles', comment: 'a cycle has no first file to read', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'packages-never-import-services',
      comment: 'services meet only on the wire',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^services/' },
    },
    {
      name: 'services-never-import-services',
      comment: 'services meet only on the wire',
      severity: 'error',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'only-the-index',
      comment: "only a package's index or testing is imported from outside",
      severity: 'error',
      from: { path: '^(packages|services)/([^/]+)/' },
      to: { path: '^packages/([^/]+)/src/', pathNot: ['^packages/$2/', '/src/(index|testing)[.]ts$'] },
    },
    {
      name: 'core-is-pure',
      comment: 'core/ decides; it reads no clock, file, network or database',
      severity: 'error',
      from: { path: ['/src/core/', '/src/.+/core/'], pathNot: test },
      to: { pathNot: ['/src/core/', '/src/.+/core/', '^packages/contracts/', '(^|/)zod/', '^(node:)?(assert|crypto|util)$'] },
    },
    {
      name: 'postgres-in-its-files',
      comment: 'pg and kysely only in packages/database and postgres-*.ts',
      severity: 'error',
      from: { path: ours, pathNot: ['^packages/database/', '/postgres-[^/]+[.]ts$', test] },
      to: { path: '(^|/)(pg|kysely)/' },
    },
    {
      name: 'dapr-in-its-files',
      comment: '@dapr/* only in packages/mesh and dapr-*.ts',
      severity: 'error',
      from: { path: ours, pathNot: ['^packages/mesh/', '/dapr-[^/]+[.]ts$'] },
      to: { path: '@dapr/' },
    },
    {
      name: 'services-start-no-programs',
      comment: 'no request makes the mesh run a command: only the command line and the embedded database start processes',
      severity: 'error',
      from: { path: ours, pathNot: ['^packages/(cli|database)/', test] },
      to: { path: '^(node:)?child_process$' },
    },
    {
      name: 'fakes-only-in-tests',
      comment: 'testing.ts is for tests',
      severity: 'error',
      from: { path: ours, pathNot: test },
      to: { path: '/testing[.]ts$|/testing/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'node_modules/[.]cache' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
