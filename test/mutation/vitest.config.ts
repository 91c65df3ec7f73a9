import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    env: { POWERTOOLS_LOG_LEVEL: 'SILENT' },
    // As with `npm test`: the first run, without a mutant, must pass on a busy machine too.
    testTimeout: 60_000,
    include: ['test/unit/functions/**/*.test.ts', 'test/workflow/**/*.test.ts'],
    exclude: [
      // They need emulators or a database, and watch adapters.
      'test/unit/functions/{aws,database}/**',
      // Long, and run with `npm test`: a mutant is to be caught by the test of what it breaks.
      'test/unit/functions/core/exploration/**',
      'test/workflow/{any-history.property,interruption,schedules.property}.test.ts',
    ],
  },
});
