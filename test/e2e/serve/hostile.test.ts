/** A small siege of a real service; `npm run test:load` has the large one, with 10,000 connections. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { attacks, besiege } from '../../load/hostile.ts'
import type { Question } from '../../load/models.ts'
import { makeRegistry, post, rowsOf, runService } from './running.ts'

let registry: Awaited<ReturnType<typeof makeRegistry>>
let service: Awaited<ReturnType<typeof runService>>

beforeAll(async () => {
  registry = await makeRegistry()
  service = await runService({ root: registry.root, spares: 0 })
  await post(`${service.url}/v1/models/tiny:predict`, { instances: rowsOf(1) })
})
afterAll(async () => {
  await service?.close()
  await registry?.remove()
})

const probe: Question = {
  name: 'tiny',
  path: '/v1/models/tiny:predict',
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify({ instances: rowsOf(1) })),
  numbers: () => [],
}
/** More than the service takes at once, where they stay. */
const sizes = { slow: 950, oversized: 50, half: 100, idle: 1500, stayMs: 300 }

it.each(attacks('/healthz', sizes))('answers well-behaved callers beside $name', async (attack) => {
  const { faults, probes } = await besiege(service.port, attack, probe, { afterMs: 100 })
  expect(faults).toEqual([])
  expect(probes).toBeGreaterThan(1)
})
