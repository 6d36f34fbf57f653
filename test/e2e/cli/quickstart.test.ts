/** The first minutes of a user: quickstart, then the commands it tells them to type. */
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Finished, run, start } from './run.ts'

let folder: string
let quickstart: Finished

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quickstart-'))
  quickstart = await run(folder, ['quickstart', '--epochs', '2', '--json'])
}, 170_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const eventOf = (finished: Finished, name: string) => finished.events.find(({ event }) => event === name)

describe('maas quickstart', () => {
  it('trains on generated shapes, registers version 1 and points production at it', async () => {
    expect(quickstart.err).toBe('')
    expect(quickstart.code).toBe(0)
    expect(eventOf(quickstart, 'registered')).toMatchObject({ name: 'quickstart', version: 1 })
    const { events } = await run(folder, ['models', '--json'])
    expect(events[0]).toMatchObject({
      models: [{ name: 'quickstart', versions: [1], aliases: { production: [{ version: 1, weight: 100 }] } }],
    })
  })

  it('learns: most of the test images are classified rightly after two epochs', () => {
    const { metrics } = eventOf(quickstart, 'registered') as { metrics: Record<string, number> }
    expect(metrics.test_accuracy).toBeGreaterThan(0.7)
  })

  it('classifies five images through the running service', () => {
    const { rows } = eventOf(quickstart, 'predictions') as { rows: { probability: number; predicted: string }[] }
    expect(rows).toHaveLength(5)
    for (const row of rows) expect(row.probability).toBeGreaterThan(0)
  })

  it('leaves a report that asks for nothing from outside', async () => {
    const { events } = await run(folder, ['models', 'quickstart', '--json'])
    const [version] = (events[0] as { versions: { lineage: { job: string } }[] }).versions
    const report = await readFile(
      join(folder, '.maas', 'jobs', version?.lineage.job ?? '', 'model', 'report.html'),
      'utf8',
    )
    expect(report).not.toMatch(/(src|href)="https?:/)
    expect(report).toContain('Content-Security-Policy')
  })
})

describe('maas predict, export and push', () => {
  it('answers the same for a registered model and for the file that was exported from it', async () => {
    const values = JSON.stringify([
      Array.from({ length: 32 }, (_, y) => Array.from({ length: 32 }, (_, x) => [x / 32, y / 32, 0.5])),
    ])
    await writeFile(join(folder, 'batch.json'), values)
    expect((await run(folder, ['export', 'quickstart@production', 'model.h5'])).code).toBe(0)
    const registered = await run(folder, ['predict', 'quickstart', '--input', 'batch.json', '--json'])
    const fromFile = await run(folder, ['predict', './model.h5', '--input', 'batch.json', '--json'])
    const [a, b] = [registered, fromFile].map(({ events }) => (events[0] as { predictions: number[][] }).predictions[0])
    expect(a).toHaveLength(10)
    const largest = Math.max(...(a as number[]))
    for (const [i, value] of (a as number[]).entries()) {
      expect(Math.abs(value - ((b as number[])[i] as number)) / largest).toBeLessThanOrEqual(1e-5)
    }
  })

  it('registers an exported file again as a version of another model', async () => {
    const { code, events } = await run(folder, ['push', 'model.h5', '--name', 'copied', '--alias', 'canary', '--json'])
    expect([code, events[0]]).toEqual([
      0,
      expect.objectContaining({ model: 'copied', status: 'registered', version: 1 }),
    ])
  })
})

describe('maas serve', () => {
  it('serves until Ctrl-C and then ends with 0', async () => {
    const service = start(folder, ['serve', '--port', '0', '--json'])
    await service.printed('listening')
    service.child.kill('SIGINT')
    expect((await service.finished).code).toBe(0)
  })

  it('says which port is taken and what to do', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as { port: number }
    const { code, err } = await run(folder, ['serve', '--port', String(port)])
    other.close()
    expect(code).toBe(1)
    expect(err).toContain(String(port))
    expect(err).toContain('--port')
    expect(err).not.toContain('    at ')
  })

  it('answers the remote commands of the command line', async () => {
    const service = start(folder, ['serve', '--port', '0', '--json'])
    await service.printed('listening')
    const { url } = JSON.parse(service.out()) as { url: string }
    const moved = await run(folder, ['alias', 'quickstart', 'canary', '1', '--why', 'remote', '--url', url])
    const listed = await run(folder, ['models', '--url', url, '--json'])
    service.child.kill('SIGTERM')
    await service.finished
    expect(moved.err).toBe('')
    expect(JSON.stringify(listed.events)).toContain('canary')
  })
})
