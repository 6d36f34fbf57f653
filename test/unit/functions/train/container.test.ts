import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogWriter } from '@maas/core/jobs'
import { createFileStore, type ObjectStore } from '@maas/core/store'
import { layoutOf } from '@maas/train'
import { describe, expect, it } from 'vitest'
import { runContainer } from '../../../../functions/train/container.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const setup = async (wrap: (store: ObjectStore) => ObjectStore = (store) => store) => {
  const real = createFileStore(mkdtempSync(join(tmpdir(), 'store-')))
  const document = {
    TrainingJobName: 'job-1',
    InputDataConfig: [{ ChannelName: 'train', DataSource: { S3DataSource: { S3Uri: 's3://b/datasets/x.csv' } } }],
    OutputDataConfig: { S3OutputPath: 's3://b/jobs' },
  }
  await real.put('jobs/job-1/spec.json', bytes(JSON.stringify(document)))
  await real.put('datasets/x.csv', bytes('a,b'))
  const store = wrap(real)
  const complaints: string[] = []
  const attempt = (
    number: number,
    train: (signal: AbortSignal, base: string) => Promise<number>,
    stop = new AbortController(),
  ) => {
    const layout = layoutOf(mkdtempSync(join(tmpdir(), 'ml-')))
    return runContainer({
      transfer: { job: 'job-1', storeUri: 's3://b', store, layout },
      attempt: number,
      log: createLogWriter(store, 'job-1', number),
      signal: stop.signal,
      train: (signal) => train(signal, layout.base),
      clock: () => Date.now(),
      complain: (text) => complaints.push(text),
    })
  }
  const keys = async () => {
    const { objects } = await real.list('')
    return objects.map(({ key }) => key).filter((key) => !/spec\.json|datasets/.test(key))
  }
  return { attempt, keys, complaints, real }
}

const succeed = async (_: AbortSignal, base: string): Promise<number> => {
  mkdirSync(join(base, 'model'), { recursive: true })
  writeFileSync(join(base, 'model', 'model.json'), '{}')
  return 0
}
/** Stopped in the middle: it leaves a checkpoint, as the training process does. */
const interrupted =
  (stop: AbortController) =>
  async (_: AbortSignal, base: string): Promise<number> => {
    mkdirSync(join(base, 'checkpoints'), { recursive: true })
    writeFileSync(join(base, 'checkpoints', 'newest.safetensors'), 'EPOCH 3')
    stop.abort()
    return 143
  }

describe('a container that Spot takes away', () => {
  it('while it downloads leaves nothing but word of it', async () => {
    const stop = new AbortController()
    const { attempt, keys } = await setup((store) => ({
      ...store,
      head: async (key) => {
        if (key.startsWith('datasets/')) stop.abort()
        return store.head(key)
      },
    }))
    const code = await attempt(1, () => Promise.reject(new Error('must not train')), stop)
    expect(code).toBe(143)
    expect(await keys()).toEqual(['jobs/job-1/phases/0001-Downloading', 'jobs/job-1/phases/0001-Interrupted'])
  })

  it('while it trains leaves a checkpoint, with which the next attempt goes on', async () => {
    const { attempt, keys } = await setup()
    const stop = new AbortController()
    expect(await attempt(1, interrupted(stop), stop)).toBe(143)
    expect(await keys()).toContain('checkpoints/job-1/newest.safetensors')
    expect(await keys()).not.toContain('jobs/job-1/failure.txt')
    let found = ''
    const { readFileSync } = await import('node:fs')
    const code = await attempt(2, async (signal, base) => {
      found = readFileSync(join(base, 'checkpoints', 'newest.safetensors'), 'utf8')
      return succeed(signal, base)
    })
    expect([code, found]).toEqual([0, 'EPOCH 3'])
    expect(await keys()).toContain('jobs/job-1/candidate.json')
  })

  it('while it hands in has handed in nothing until all is there; after that it does not train again', async () => {
    let reclaimed = true
    const { attempt, keys } = await setup((store) => ({
      ...store,
      putStream: (key, body, condition) =>
        reclaimed && key.includes('/candidate/')
          ? Promise.reject(new Error('cut'))
          : store.putStream(key, body, condition),
    }))
    expect(await attempt(1, succeed)).toBe(1)
    expect(await keys()).not.toContain('jobs/job-1/candidate.json')
    reclaimed = false
    expect(await attempt(2, succeed)).toBe(0)
    expect(await attempt(3, () => Promise.reject(new Error('must not train')))).toBe(0)
  })
})

describe('a container that fails', () => {
  it('says so by its exit code and in words, whatever failed', async () => {
    const { attempt, real, complaints } = await setup((store) => ({
      ...store,
      stream: () => Promise.reject(new Error('kms:Decrypt is denied on key/1')),
    }))
    expect(await attempt(1, succeed)).toBe(1)
    const text = new TextDecoder().decode((await real.get('jobs/job-1/failure.txt')).body)
    expect(text).toContain('kms:Decrypt is denied on key/1')
    expect(complaints.join()).toContain('kms:Decrypt')
  })

  it('hands in no candidate of a training that failed', async () => {
    const { attempt, keys } = await setup()
    const code = await attempt(1, async (signal, base) => {
      await succeed(signal, base)
      return 1
    })
    expect(code).toBe(1)
    expect(await keys()).toContain('jobs/job-1/failure.txt')
    expect((await keys()).filter((key) => key.includes('candidate'))).toEqual([])
  })

  it('trains on when its log, its phases and its checkpoints cannot be kept', async () => {
    const { attempt, keys, complaints } = await setup((store) => ({
      ...store,
      put: (key, body, condition) =>
        /\/(log|phases)\//.test(key) ? Promise.reject(new Error('SlowDown')) : store.put(key, body, condition),
    }))
    expect(await attempt(1, succeed)).toBe(0)
    expect(await keys()).toContain('jobs/job-1/candidate.json')
    expect(complaints.join()).toContain('SlowDown')
  })
})
