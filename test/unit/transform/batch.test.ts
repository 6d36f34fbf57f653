import { type BatchClient, SubmitJobCommand, TerminateJobCommand } from '@aws-sdk/client-batch'
import { transformSpecSchema } from '@maas/core/contract'
import { createTransforms } from '@maas/core/transform'
import { createBatchTransforms } from '@maas/core/transform/batch'
import { describe, expect, it } from 'vitest'
import { createMemoryStore } from '../registry/memory-store.ts'

const setup = async (InstanceCount: number) => {
  const transforms = createTransforms({ store: createMemoryStore(), clock: () => 0 })
  const spec = transformSpecSchema.parse({
    request: {
      TransformJobName: 'j',
      ModelName: 'm',
      TransformInput: { DataSource: { S3DataSource: { S3Uri: 's3://b/datasets/x' } } },
      TransformResources: { InstanceType: 'ml.m5.xlarge', InstanceCount },
    },
    model: { name: 'm', version: 1 },
  })
  await transforms.create(spec)
  const sent: unknown[] = []
  const send = async (command: unknown) => {
    sent.push(command)
    return { jobId: `run-${sent.length}` }
  }
  const batch = { send } as unknown as BatchClient
  const runner = createBatchTransforms({ batch, transforms, queue: 'q', definition: 'd' })
  const submitted = () => sent.flatMap((each) => (each instanceof SubmitJobCommand ? [each.input] : []))
  const ended = () => sent.flatMap((each) => (each instanceof TerminateJobCommand ? [each.input.jobId] : []))
  return { runner, spec, transforms, submitted, ended }
}

describe('a transform job for Batch', () => {
  it('is an array of containers that know their number and how many they are', async () => {
    const { runner, spec, submitted } = await setup(5)
    await runner.start(spec)
    expect(submitted()).toMatchObject([
      { jobName: 'transform_j', jobQueue: 'q', jobDefinition: 'd', arrayProperties: { size: 5 } },
    ])
    expect(submitted()[0]?.ecsPropertiesOverride?.taskProperties?.[0]?.containers?.[0]).toEqual({
      name: 'train',
      environment: [
        { name: 'TRANSFORM_JOB_NAME', value: 'j' },
        { name: 'TRANSFORM_SHARES', value: '5' },
      ],
      resourceRequirements: [
        { type: 'VCPU', value: '4' },
        { type: 'MEMORY', value: '16384' },
      ],
    })
  })

  it('of one container is no array, and is submitted once', async () => {
    const { runner, spec, submitted } = await setup(1)
    await runner.start(spec)
    await runner.start(spec)
    expect(submitted()).toHaveLength(1)
    expect(submitted()[0]).not.toHaveProperty('arrayProperties')
  })

  it('asked for twice at once runs once: the second run is ended', async () => {
    const { runner, spec, transforms, ended } = await setup(1)
    await Promise.all([runner.start(spec), runner.start(spec)])
    const { run } = await transforms.record('j')
    expect(ended()).toEqual(['run-1', 'run-2'].filter((id) => id !== run))
    await runner.stop(await transforms.record('j'))
    expect(ended().at(-1)).toBe(run)
  })
})
