/** Test projects: unit and infra need nothing built, kernels needs the native library, e2e runs the service as its users do. */
import { defineConfig } from 'vitest/config'

const project = (name: string, testTimeout: number) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: testTimeout, passWithNoTests: true },
})

export default defineConfig({
  test: {
    projects: [project('unit', 30_000), project('infra', 60_000), project('kernels', 120_000), project('e2e', 180_000)],
  },
})
