/** Run with every unit test file: what it stubbed ends with it, because files of a worker share one process. */
import { afterAll, vi } from 'vitest'

afterAll(() => {
  vi.unstubAllEnvs()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})
