import { availableParallelism } from 'node:os'

const shared = {
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'es6' } }],
  },
  testEnvironment: 'node',
}

export default {
  // A test that hangs is ended; a machine that is slow, or busy with something else, is not a failure.
  testTimeout: 300_000,
  // Tests wait for timers and other processes, so that two keep two processors busy, where Jest by itself would start one.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: [
        '<rootDir>/packages/*/src/**/*.test.ts',
        '<rootDir>/services/*/src/**/*.test.ts',
        '<rootDir>/tools/**/*.test.{ts,mjs}',
      ],
    },
    {
      ...shared,
      displayName: 'mesh',
      testMatch: ['<rootDir>/tests/*.test.ts'],
      globalSetup: '<rootDir>/tests/mesh/start-mesh.ts',
      globalTeardown: '<rootDir>/tests/mesh/stop-mesh.ts',
    },
  ],
}
