// eslint-disable-next-line @typescript-eslint/no-require-imports
const { availableParallelism, totalmem } = require('node:os');

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
    // Packages that are ES modules alone: Node loads them as they are, Jest does not.
    '/node_modules/(openid-client|oauth4webapi|jose)/.+\\.js$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'ecmascript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
  transformIgnorePatterns: ['/node_modules/(?!(openid-client|oauth4webapi|jose)/)'],
  globalSetup: '<rootDir>/test/support/postgres-setup.ts',
  globalTeardown: '<rootDir>/test/support/postgres-teardown.ts',
  testSequencer: '<rootDir>/test/support/longest-first.js',
  reporters: ['default', '<rootDir>/test/support/closing-line.js'],
  // More files at a time than cores, as far as there is memory: most of a run waits, for Terraform, Postgres, bridges as processes, and for what
  // takes its time.
  maxWorkers: Math.max(1, Math.min(Math.round(3 * availableParallelism()), Math.floor(totalmem() / 2 ** 30))),
  // Ends what hangs; a machine that is busy with other things is no failure.
  testTimeout: 300_000,
};
