/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  reporters: ['default', '<rootDir>/test/support/countsReporter.js'],
  testSequencer: '<rootDir>/test/support/slowestFirst.js',
  testTimeout: 20_000,
  maxWorkers: 2,
};
