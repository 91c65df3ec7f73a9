import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/**
 * Mutants of the code that decides what happens to traffic, and the tests that watch it.
 * Its options are described at https://stryker-mutator.io/docs/stryker-js/configuration
 */
export default {
  mutate: ['functions/core/**/*.ts', 'functions/converge/converge.ts'],
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'test/mutation/vitest.config.ts', related: false },
  // Stryker would rewrite the paths in tsconfig.json with TypeScript's old API, which TypeScript 7 does not have.
  tsconfigFile: 'none.json',
  coverageAnalysis: 'perTest',
  // What runs when a file is loaded, above all schemas: each would need every test, and the contract tests hold them.
  ignoreStatic: true,
  concurrency: 2,
  ignorePatterns: ['.farol', 'cdk.out', 'docs', '*.md'],
  tempDirName: join(root, '.farol', 'mutation'),
  reporters: ['clear-text', 'progress', 'json'],
  jsonReporter: { fileName: join(root, '.farol', 'mutation.json') },
  thresholds: { high: 95, low: 85, break: 85 },
};
