/** Uploads and imports as resources, and what a verdict turns into. */
import { partBytes, replayPath } from '@maas/core/contract'
import { ConflictError } from '@maas/core/errors'
import { importKeys, registerImport } from '@maas/core/imports'
import { objectsBelow, toJson } from '@maas/core/store'
import { describe, expect, it } from 'vitest'
import { createBench, replay, requestFor, sha256, vet } from './support.ts'

const model = Buffer.from('a model')
const deps = (bench: ReturnType<typeof createBench>) => ({ ...bench, code: 'test', writeCompiled: async () => true })

describe('an upload', () => {
  it('of several parts goes on where it was interrupted, and becomes one file', async () => {
    const bench = createBench()
    const file = Buffer.alloc(partBytes + 10, 7)
    const announced = { dataset: 'birds.zip', size: file.length, sha256: sha256(file) }
    const { id, parts } = await bench.uploads.create(announced)
    expect(parts).toBe(2)
    await bench.send(id, 2, file.subarray(partBytes))
    await expect(bench.uploads.complete(id)).rejects.toThrow('1 of 2 parts have not arrived: 1')
    expect(await bench.uploads.create(announced)).toMatchObject({ id, status: 'pending', received: [2] })
    await bench.send(id, 1, file.subarray(0, partBytes))
    expect(await bench.uploads.complete(id)).toMatchObject({ status: 'complete', key: 'datasets/birds.zip' })
    expect(file.equals((await bench.store.get('datasets/birds.zip')).body)).toBe(true)
    const left = []
    for await (const { key } of objectsBelow(bench.store, 'uploads/parts/')) left.push(key)
    expect(left).toEqual([])
  })

  it('refuses a name that is taken, a body that is not what was signed, and an address that is old or made up', async () => {
    const bench = createBench()
    const { id } = await bench.uploads.create({ dataset: 'a.csv', size: model.length, sha256: sha256(model) })
    const [part] = await bench.uploads.sign(id, [{ number: 1, sha256: sha256(model) }])
    const put = (url = part?.url ?? '', body: Uint8Array = model, headers = part?.headers) =>
      bench.files.receive(
        new Request(`http://h${url}`, { method: 'PUT', headers: { ...headers }, body: body as BodyInit }),
      )
    await expect(put(undefined, Buffer.from('b model'))).rejects.toThrow('SHA-256')
    await expect(put(undefined, Buffer.from('longer than it'))).rejects.toThrow(/bytes/)
    await expect(put(undefined, model, {})).rejects.toThrow('x-amz-checksum-sha256')
    await expect(put(`${part?.url.slice(0, -3)}abc`)).rejects.toThrow('not signed')
    expect(await bench.store.head('datasets/a.csv')).toBeUndefined()
    await put()
    await put()
    await bench.uploads.complete(id)
    const other = Buffer.from('other')
    await expect(bench.uploads.create({ dataset: 'a.csv', size: other.length, sha256: sha256(other) })).rejects.toThrow(
      'never replaced',
    )
    bench.later(3_600_001)
    await expect(put()).rejects.toThrow('too old')
  })
})

describe('an import', () => {
  it('is pending, checking, then registered, with its alias moved and its files tidied away', async () => {
    const bench = createBench()
    const created = await bench.imports.create(requestFor(model, { alias: 'production' }))
    expect(created).toMatchObject({ status: 'pending', uploads: [{ status: 'pending' }] })
    await expect(bench.imports.complete(created.id)).rejects.toThrow(ConflictError)
    await bench.send(created.uploads?.[0]?.id ?? '', 1, model)
    expect(await bench.imports.complete(created.id)).toMatchObject({ status: 'checking' })
    await vet(bench.store, created.id)
    await registerImport(created.id, deps(bench))
    expect(await bench.imports.get(created.id)).toMatchObject({ status: 'registered', version: 1 })
    expect((await bench.registry.alias('digits', 'production')).targets).toEqual([{ version: 1, weight: 100 }])
    expect(await bench.registry.replays({ name: 'digits', version: 1 })).toEqual([replay])
    expect(await bench.store.head(`${importKeys(created.id).candidate}model.json`)).toBeUndefined()
  })

  it('is the same for the same key, and refused when the key comes with another request', async () => {
    const { imports } = createBench()
    const first = await imports.create(requestFor(model), 'k')
    expect((await imports.create(requestFor(model), 'k')).id).toBe(first.id)
    expect((await imports.create(requestFor(model))).id).not.toBe(first.id)
    await expect(imports.create(requestFor(model, { description: 'x' }), 'k')).rejects.toThrow('Idempotency-Key')
  })

  it('registers once, however many follow its verdict at the same moment', async () => {
    const bench = createBench()
    const id = await bench.ready(model)
    await vet(bench.store, id)
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => registerImport(id, deps(bench))))
    expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true)
    expect((await bench.registry.model('digits')).versions).toEqual([1])
    expect(await registerImport(id, deps(bench))).toMatchObject({ version: 1 })
  })

  it('that failed says why and registers nothing', async () => {
    const bench = createBench()
    const id = await bench.ready(model)
    await vet(bench.store, id, { files: [], error: { code: 'unsupported', message: 'a Lambda layer' } })
    await registerImport(id, deps(bench))
    expect(await bench.imports.get(id)).toMatchObject({ status: 'failed', error: { message: 'a Lambda layer' } })
    await expect(bench.registry.model('digits')).rejects.toThrow('no model')
  })
})

describe('an alias', () => {
  it('does not move to a version whose newest replay failed, and does once a newer one passes', async () => {
    const bench = createBench()
    const id = await bench.ready(model)
    await vet(bench.store, id)
    await registerImport(id, deps(bench))
    const version = { name: 'digits', version: 1 }
    const put = (kernels: string, at: string, difference: number, passed: boolean) =>
      bench.registry.putDerived(version, replayPath(kernels), toJson({ ...replay, kernels, at, difference, passed }))
    const move = () =>
      bench.registry.setAlias('digits', 'production', [{ version: 1, weight: 100 }], { by: 't', why: '' })
    await put('k2', '2026-11-25T00:00:00.000Z', 0.5, false)
    await expect(move()).rejects.toThrow(/fails on k2: the largest difference is 5.0e-1, 0.00001 is allowed/)
    await put('k3', '2026-11-26T00:00:00.000Z', 1e-8, true)
    await expect(move()).resolves.toMatchObject({ generation: 1 })
  })
})
