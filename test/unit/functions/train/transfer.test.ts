import { mkdirSync, mkdtempSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFileStore } from '@maas/core/store'
import { layoutOf } from '@maas/train'
import { describe, expect, it } from 'vitest'
import { checkpointUploader, fetchJob, uploadCandidate, uploadFailure } from '../../../../functions/train/transfer.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const setup = async (uri: string) => {
  const store = createFileStore(mkdtempSync(join(tmpdir(), 'store-')))
  const layout = layoutOf(mkdtempSync(join(tmpdir(), 'ml-')))
  const document = {
    TrainingJobName: 'job-1',
    HyperParameters: { epochs: '1' },
    InputDataConfig: [{ ChannelName: 'train', DataSource: { S3DataSource: { S3Uri: uri } } }],
    OutputDataConfig: { S3OutputPath: 's3://models/jobs' },
  }
  await store.put('jobs/job-1/spec.json', bytes(JSON.stringify(document)))
  await store.put('datasets/set/a/0.jpg', bytes('A'))
  await store.put('datasets/set/b/0.jpg', bytes('B'))
  await store.put('datasets/set.zip', bytes('ZIP'))
  const text = async (key: string) => new TextDecoder().decode((await store.get(key)).body)
  return { store, layout, text, transfer: { job: 'job-1', store, storeUri: 's3://models', layout } }
}

describe('a container on Batch', () => {
  it('finds a prefix as a folder, and the checkpoint of the attempt before', async () => {
    const { store, layout, transfer } = await setup('s3://models/datasets/set')
    await store.put('checkpoints/job-1/newest.safetensors', bytes('CHECKPOINT'))
    await fetchJob(transfer)
    expect(readFileSync(join(layout.channel('train'), 'b', '0.jpg'), 'utf8')).toBe('B')
    expect(readFileSync(join(layout.checkpoints, 'newest.safetensors'), 'utf8')).toBe('CHECKPOINT')
    expect(JSON.parse(readFileSync(layout.hyperparameters, 'utf8'))).toEqual({ epochs: '1' })
  })

  it('finds one object as the channel’s only file', async () => {
    const { layout, transfer } = await setup('s3://models/datasets/set.zip')
    await fetchJob(transfer)
    expect(readFileSync(join(layout.channel('train'), 'set.zip'), 'utf8')).toBe('ZIP')
  })

  it('says what is missing', async () => {
    const { transfer } = await setup('s3://models/datasets/none')
    await expect(fetchJob(transfer)).rejects.toThrow(
      'InputDataConfig.train: there is nothing at s3://models/datasets/none',
    )
  })

  it('uploads a checkpoint when it is new, and never half a one', async () => {
    const { store, layout, text, transfer } = await setup('s3://models/datasets/set')
    const upload = checkpointUploader(transfer, 'checkpoints/job-1/')
    await upload()
    mkdirSync(layout.checkpoints, { recursive: true })
    const path = join(layout.checkpoints, 'newest.safetensors')
    writeFileSync(path, 'ONE')
    writeFileSync(`${path}.tmp`, 'HALF')
    await upload()
    expect(await text('checkpoints/job-1/newest.safetensors')).toBe('ONE')
    const before = await store.head('checkpoints/job-1/newest.safetensors')
    await upload()
    expect(await store.head('checkpoints/job-1/newest.safetensors')).toEqual(before)
    writeFileSync(path, 'TWO')
    utimesSync(path, new Date(), new Date(Date.now() + 5000))
    await upload()
    expect(await text('checkpoints/job-1/newest.safetensors')).toBe('TWO')
    expect((await store.list('checkpoints/')).objects).toHaveLength(1)
  })

  it('lists the candidate’s files last, and says why it failed', async () => {
    const { layout, text, transfer } = await setup('s3://models/datasets/set')
    mkdirSync(layout.model, { recursive: true })
    for (const name of ['model.json', 'metrics.json']) writeFileSync(join(layout.model, name), name)
    await uploadCandidate(transfer)
    expect(JSON.parse(await text('jobs/job-1/candidate.json')).files.sort()).toEqual(['metrics.json', 'model.json'])
    expect(await text('jobs/job-1/candidate/model.json')).toBe('model.json')
    await uploadFailure(transfer, 'no words')
    expect(await text('jobs/job-1/failure.txt')).toBe('no words')
  })
})
