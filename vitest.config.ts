import { defineConfig } from 'vitest/config';

/**
 * The end-to-end files of `npm test`: every way in which a release ends, and an attack on each thing that is to hold it back. The
 * others are in `npm run test:all`.
 */
const FIRST = ['release-ladder', 'hostile-release', 'ledger-attack', 'door'].map((name) => `test/e2e/${name}.test.ts`);

/** Each file brings up a cloud of its own: two at once would measure each other. */
const WHOLE_CLOUD = { fileParallelism: false, testTimeout: 180_000, hookTimeout: 240_000 };

/** Functions log what they answer: in tests that is noise. */
const env = { POWERTOOLS_LOG_LEVEL: 'SILENT' };

/** Kinds of tests, from the quickest to the one that brings up the whole local cloud (CONTRIBUTING.md says what each is for). */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'packages/*/test/**/*.test.ts'],
          testTimeout: 30_000,
          env,
          hookTimeout: 60_000,
        },
      },
      { test: { name: 'contract', include: ['test/contract/**/*.test.ts'] } },
      { test: { name: 'workflow', include: ['test/workflow/**/*.test.ts'], testTimeout: 60_000, env } },
      {
        test: {
          name: 'infra',
          include: ['test/infra/**/*.test.ts'],
          // They read templates and change nothing: loading CDK again for each file took longer than the tests.
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'docker',
          include: ['test/docker/**/*.test.ts'],
          // One engine, two processors: images are built one after the other.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: FIRST,
          ...WHOLE_CLOUD,
        },
      },
      {
        test: {
          name: 'e2e-more',
          include: ['test/e2e/**/*.test.ts'],
          exclude: FIRST,
          ...WHOLE_CLOUD,
        },
      },
    ],
  },
});
