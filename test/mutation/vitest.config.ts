import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/unit/functions/core/**/*.test.ts', 'test/workflow/**/*.test.ts'],
    exclude: ['test/unit/functions/core/exploration/**', 'test/workflow/{any-history.property,interruption}.test.ts'],
  },
});
