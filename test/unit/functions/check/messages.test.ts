/** What the check function makes of SQS messages: redelivery, damage, refusals and throttling by S3, a process that dies. */
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StorageError } from '@maas/core/errors'
import { importKeys, readVerdict } from '@maas/core/imports'
import type { ObjectStore } from '@maas/core/store'
import type { SQSEvent } from 'aws-lambda'
import { describe, expect, it } from 'vitest'
import { folders } from '../../../../functions/check/folder.ts'
import { takeMessages } from '../../../../functions/check/messages.ts'
import type { RunChild } from '../../../../functions/check/run.ts'
import { createBench, replay } from '../../imports/support.ts'

const model = Buffer.from('a model')

const event = (...keys: string[]): SQSEvent => ({
  Records: keys.map(
    (key, index) =>
      ({
        messageId: `m${index}`,
        body: JSON.stringify({ detail: { bucket: { name: 'models' }, object: { key } } }),
      }) as never,
  ),
})

/** Stands for the process: leaves a candidate, or ends as it is told. */
const child = (end?: string): { readonly run: RunChild; readonly runs: string[] } => {
  const runs: string[] = []
  const run: RunChild = async (task, directory) => {
    runs.push(task)
    if (end !== undefined) return end
    const place = folders(directory)
    await mkdir(place.candidate)
    await writeFile(join(place.candidate, 'model.json'), '{}')
    const verdict = { schema: 1, at: replay.at, kernels: 'k1', certificate: replay, files: ['model.json'], metrics: {} }
    await writeFile(place.result, JSON.stringify(verdict))
    return undefined
  }
  return { run, runs }
}

const taking = (bench: ReturnType<typeof createBench>, run: RunChild, store: ObjectStore = bench.store) => {
  const said: string[] = []
  const log = (_: string, message: string, fields: Record<string, unknown>) =>
    said.push(`${message} ${fields.error ?? ''}`)
  const deps = { ...bench, store, run, log, bucket: 'models', kernels: 'k1', temporary: tmpdir() }
  return { said, take: (...keys: string[]) => takeMessages(event(...keys), deps) }
}

/** The store, with one call that fails. */
const failing = (store: ObjectStore, call: 'put' | 'getFile', error: Error, times = 1): ObjectStore => {
  let left = times
  return {
    ...store,
    [call]: async (...args: never[]) => {
      if (left-- > 0) throw error
      return (store[call] as (...given: never[]) => unknown)(...args)
    },
  }
}

describe('a message', () => {
  it('that comes twice is checked once', async () => {
    const bench = createBench()
    const id = await bench.ready(model)
    const { run, runs } = child()
    const { take } = taking(bench, run)
    const { ready } = importKeys(id)
    expect(await take(ready, ready)).toEqual({ batchItemFailures: [] })
    expect(runs).toEqual(['vet'])
    expect(await readVerdict(bench.store, id)).toMatchObject({ files: ['model.json'] })
  })

  it('about a file that is not what was announced ends in a verdict that says so, whatever its process found', async () => {
    const bench = createBench()
    const id = await bench.ready(model)
    for (const { key } of (await bench.store.list('uploads/')).objects) {
      if (key.includes('/file/')) await bench.store.put(key, Buffer.from('b model'))
    }
    const { run, runs } = child()
    expect(await taking(bench, run).take(importKeys(id).ready)).toEqual({ batchItemFailures: [] })
    expect(runs).toEqual(['vet'])
    expect(await readVerdict(bench.store, id)).toMatchObject({ files: [] })
    expect((await bench.imports.get(id)).error?.message).toMatch(
      /model\.h5 did not arrive as announced: it has the SHA-256/,
    )
  })

  it.each([
    ['throttled while reading', 'getFile', 'cannot read s3://models/x: S3 is throttling requests (SlowDown)'],
    [
      'refused a KMS key while writing',
      'put',
      'cannot write s3://models/x: access denied: allow kms:GenerateDataKey on …',
    ],
  ] as const)('comes again when S3 %s, and alone', async (_, call, words) => {
    const bench = createBench()
    const [bad, good] = [await bench.ready(model), await bench.ready(Buffer.from('another'), { model: 'letters' })]
    const { run } = child()
    const { take, said } = taking(bench, run, failing(bench.store, call, new StorageError(words)))
    const keys = [importKeys(bad).ready, importKeys(good).ready] as const
    expect(await take(...keys)).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] })
    expect(said.join('\n')).toContain(words)
    expect(await readVerdict(bench.store, bad)).toBeUndefined()
    expect(await take(keys[0])).toEqual({ batchItemFailures: [] })
    expect(await readVerdict(bench.store, bad)).toMatchObject({ files: ['model.json'] })
  })

  it('whose process dies ends in a verdict that says how', async () => {
    const bench = createBench()
    const id = await bench.ready(model)
    const { run } = child('took more than 3072 MiB of memory')
    await taking(bench, run).take(importKeys(id).ready)
    expect((await bench.imports.get(id)).error?.message).toContain('took more than 3072 MiB of memory')
  })

  it('of another bucket, of another object or of an import that was deleted changes nothing', async () => {
    const bench = createBench()
    const id = await bench.ready(model)
    await bench.imports.remove(id)
    const { run, runs } = child()
    expect(await taking(bench, run).take(importKeys(id).ready, 'models/a/b', 'imports/x/ready.json')).toEqual({
      batchItemFailures: [],
    })
    expect(runs).toEqual([])
  })

  it('loses the race for the verdict without a word when a rival was first', async () => {
    const bench = createBench()
    const id = await bench.ready(model)
    const { run } = child()
    const both = await Promise.all(
      [taking(bench, run), taking(bench, run)].map(({ take }) => take(importKeys(id).ready)),
    )
    expect(both).toEqual([{ batchItemFailures: [] }, { batchItemFailures: [] }])
  })

  it('from the schedule replays what lacks a replay on these kernels', async () => {
    const bench = createBench()
    const { run, runs } = child('ended with code 1')
    const { said } = taking(bench, run)
    await bench.registry.register('digits', {
      files: { 'model.json': model, 'golden.json': model, 'golden.bin': model },
      lineage: { source: 'import', code: 'test', kernels: 'k0' },
    })
    const log = (_: string, message: string, fields: Record<string, unknown>) =>
      said.push(`${message} ${fields.model ?? ''} ${fields.left ?? ''}`)
    const deps = { ...bench, run, log, bucket: 'models', kernels: 'k1', temporary: tmpdir() }
    const sweep = { Records: [{ messageId: 'm', body: JSON.stringify({ task: 'sweep' }) }] } as never
    expect(await takeMessages(sweep, deps)).toEqual({ batchItemFailures: [] })
    expect(runs).toEqual(['replay'])
    expect(said).toEqual(['a certificate was not replayed digits:1 ', 'swept  1'])
  })
})
