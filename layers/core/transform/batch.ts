/** Transform jobs on AWS: one job at Batch, an array of them where several containers share the work. */
import { type BatchClient, SubmitJobCommand } from '@aws-sdk/client-batch'
import { instanceTypes, type TransformSpec, transformRunName } from '../contract/index.ts'
import { explainAws, terminateJob } from '../jobs/batch.ts'
import type { TransformRunner } from './runner.ts'
import type { Transforms } from './transforms.ts'

export interface BatchTransformOptions {
  readonly batch: Pick<BatchClient, 'send'>
  readonly transforms: Pick<Transforms, 'record' | 'change'>
  /** Names of the queue and of the job definition, whose newest revision runs. */
  readonly queue: string
  readonly definition: string
}

/** Of the container in the job definition. */
const containerName = 'train'

const submission = ({ request }: TransformSpec, queue: string, definition: string) => {
  const { InstanceType, InstanceCount } = request.TransformResources
  const { cpus, memory } = instanceTypes[InstanceType]
  const name = request.TransformJobName
  return {
    jobName: transformRunName(name),
    jobQueue: queue,
    jobDefinition: definition,
    // Batch knows no array of one.
    ...(InstanceCount > 1 && { arrayProperties: { size: InstanceCount } }),
    ecsPropertiesOverride: {
      taskProperties: [
        {
          containers: [
            {
              name: containerName,
              environment: [
                { name: 'TRANSFORM_JOB_NAME', value: name },
                { name: 'TRANSFORM_SHARES', value: String(InstanceCount) },
              ],
              resourceRequirements: [
                { type: 'VCPU' as const, value: String(cpus) },
                { type: 'MEMORY' as const, value: String(memory) },
              ],
            },
          ],
        },
      ],
    },
  }
}

export const createBatchTransforms = (options: BatchTransformOptions): TransformRunner => {
  const { batch, transforms, queue, definition } = options
  return {
    // Batch queues as many as it is given.
    admit: async () => {},
    start: async (spec) => {
      const name = spec.request.TransformJobName
      if ((await transforms.record(name)).run !== undefined) return
      const { jobId = '' } = await batch
        .send(new SubmitJobCommand(submission(spec, queue, definition)))
        .catch((error: unknown): never => {
          throw explainAws(error, 'batch:SubmitJob', queue)
        })
      const { run } = await transforms.change(name, (record) => (record.run === undefined ? { run: jobId } : undefined))
      // Asked twice at once: one of the two runs.
      if (run !== jobId) await terminateJob(batch, jobId)
    },
    stop: async ({ run }) => {
      if (run !== undefined) await terminateJob(batch, run)
    },
  }
}
