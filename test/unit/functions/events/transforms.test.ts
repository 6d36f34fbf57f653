import { transformSpecSchema } from '@maas/core/contract'
import { createTransforms } from '@maas/core/transform'
import { runTransform } from '@maas/core/transform/work'
import { describe, expect, it } from 'vitest'
import { recordTransform, transformChangeSchema } from '../../../../functions/events/transforms.ts'
import { createMemoryStore } from '../../registry/memory-store.ts'
import { echoLane, rows } from '../../transform/support.ts'

const setup = async (over: object = {}) => {
  const store = createMemoryStore()
  const transforms = createTransforms({ store, clock: () => Date.UTC(2026, 10, 24) })
  const terminated: string[] = []
  const request = {
    TransformJobName: 'j',
    ModelName: 'm',
    TransformInput: { DataSource: { S3DataSource: { S3Uri: 's3://b/datasets/x' } } },
    ...over,
  }
  await transforms.create(transformSpecSchema.parse({ request, model: { name: 'm', version: 1 } }))
  const tell = (status: string, jobId = 'run', time = '2026-11-24T12:00:00Z') =>
    recordTransform(
      transformChangeSchema.parse({ source: 'aws.batch', time, detail: { jobName: 'transform_j', jobId, status } }),
      { store, transforms, terminate: async (id) => void terminated.push(id) },
    )
  const work = (of: number, index: number) =>
    runTransform({
      store,
      job: 'j',
      inputs: rows(600, [1]),
      share: { index, of },
      lanes: async () => [echoLane()],
    })
  const status = async () => (await transforms.describe('j')).TransformJobStatus
  return { store, transforms, terminated, tell, work, status }
}

describe('a transform job at Batch', () => {
  it('is completed, and its parts joined, when the whole array succeeded and not when one container did', async () => {
    const { transforms, tell, work, status, store } = await setup()
    await tell('RUNNING', 'run:1', '2026-11-24T11:00:00Z')
    await tell('RUNNING', 'run:0', '2026-11-24T10:59:00Z')
    await work(2, 0)
    await tell('SUCCEEDED', 'run:0')
    expect(await status()).toBe('InProgress')
    await work(2, 1)
    await tell('SUCCEEDED', 'run:1')
    await tell('SUCCEEDED')
    await tell('SUCCEEDED')
    expect(await transforms.describe('j')).toMatchObject({
      TransformJobStatus: 'Completed',
      TransformStartTime: '2026-11-24T10:59:00Z',
      Progress: { Inputs: 600, Done: 600, Failed: 1 },
      Failures: [{ id: 'row-1', error: '-1 is refused' }],
    })
    const { body } = await store.get('transforms/j/output/predictions.jsonl')
    expect(Buffer.from(body).toString().trimEnd().split('\n')).toHaveLength(600)
  })

  it('is never completed while a part is missing, nor over its limit of failures', async () => {
    const missing = await setup()
    await missing.work(2, 0)
    await missing.tell('SUCCEEDED')
    expect(await missing.transforms.describe('j')).toMatchObject({
      TransformJobStatus: 'Failed',
      FailureReason: '1 of 3 parts are missing.',
    })
    const strict = await setup({ MaxFailedInputs: 0 })
    await strict.work(1, 0)
    await strict.tell('SUCCEEDED')
    expect((await strict.transforms.describe('j')).FailureReason).toContain('1 inputs failed, more than the 0 allowed')
  })

  it('that failed says why in the container’s own words, and one that was stopped is stopped', async () => {
    const { transforms, tell, store } = await setup()
    await store.put('transforms/j/failure.txt', Buffer.from('no such data\n'))
    await tell('FAILED')
    expect(await transforms.describe('j')).toMatchObject({
      TransformJobStatus: 'Failed',
      FailureReason: 'no such data',
    })
    const stopped = await setup()
    await stopped.transforms.change('j', () => ({ stopAt: '2026-11-24T11:30:00Z' }))
    expect(await stopped.status()).toBe('Stopping')
    await stopped.tell('STARTING')
    expect(stopped.terminated).toEqual(['run'])
    await stopped.tell('FAILED')
    expect(await stopped.status()).toBe('Stopped')
  })
})
