/** Test projects: unit and infra need nothing built, kernels needs the native library, e2e runs the service as its users do. */
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

const project = (name: string, testTimeout: number, options: TestProjectInlineConfiguration['test'] = {}) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    passWithNoTests: true,
    testTimeout,
    hookTimeout: testTimeout,
    ...options,
  },
})

/** The CDK takes seconds to load, and so does a synthesis: all files share one process, after the other projects. */
const shared = { isolate: false, fileParallelism: false, sequence: { groupOrder: 1 } }

export default defineConfig({
  test: {
    maxWorkers: '100%',
    projects: [
      project('unit', 30_000),
      project('infra', 180_000, shared),
      project('kernels', 120_000),
      project('e2e', 180_000),
    ],
  },
})
