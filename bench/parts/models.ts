/** What more models in memory cost: time of a request, and memory of all processes. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { anonymousMegabytes } from '../memory-of.ts'
import { copyModel, ourService } from '../ours.ts'
import { median } from '../stats.ts'
import { type Bench, type Row, Unavailable } from '../types.ts'

/** Requests whose median counts, dealt out over the models in turn. */
const requests = 200

export async function modelRows(bench: Bench, counts: readonly number[]): Promise<Row[]> {
  const names = await copyModel(bench, Math.max(...counts))
  const body = readFileSync(join(await bench.fixtures(), 'predict.json'))
  const service = await ourService(bench).start()
  const ask = async (name: string): Promise<number> => {
    const start = performance.now()
    const url = `${service.hello.url}/v1/models/${name}:predict`
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    const text = await response.text()
    if (!response.ok) throw new Unavailable(`${name} answered ${response.status}: ${text.slice(0, 200)}`)
    return performance.now() - start
  }
  const rows: Row[] = []
  const row = (what: string, unit: Row['unit'], value: number): Row => ({
    what,
    unit,
    results: [{ name: 'maas', versions: service.hello.ready, value, rounds: [value] }],
  })
  try {
    for (const count of counts) {
      const title = `${count} model${count === 1 ? '' : 's'} in memory`
      bench.progress(title)
      const loaded = names.slice(0, count)
      for (const name of loaded) await ask(name)
      const milliseconds: number[] = []
      for (let i = 0; i < requests; i++) milliseconds.push(await ask(loaded[i % count] as string))
      const health = (await (await fetch(`${service.hello.url}/healthz`)).json()) as { readonly loaded: unknown[] }
      if (health.loaded.length < count) {
        const skipped = `this machine’s memory holds ${health.loaded.length} of ${count} models`
        rows.push({ what: title, unit: 'ms', results: [{ name: 'maas', skipped }] })
        break
      }
      rows.push(row(`${title}, JSON predict, p50`, 'ms', median(milliseconds)))
      rows.push(row(`${title}, anonymous memory of all processes`, 'MB', anonymousMegabytes(service.pid).total))
    }
  } finally {
    await service.stop()
  }
  return rows
}
