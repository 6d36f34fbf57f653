/** What Step Functions asks after a job's container succeeded: its candidate becomes a version, and the alias moves when the gate lets it. */
import { checked, type JobOutput, jobKeys, trainingJobSchema } from '@maas/core/contract'
import type { Jobs } from '@maas/core/jobs'
import type { Registry } from '@maas/core/registry'
import type { ObjectStore } from '@maas/core/store'
import * as z from 'zod'
import { readCandidate } from './candidate.ts'
import { registerCandidate } from './register.ts'

export type Finished = JobOutput

export interface FinishDeps {
  readonly store: ObjectStore
  readonly registry: Registry
  readonly jobs: Pick<Jobs, 'add'>
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** Id of the kernels that will serve the version. @default those that the job ran on */
  readonly kernels?: string
}

/** Registers, then says in the job's record that it is done. Repeated calls register nothing twice. NotFoundError when the job left no whole candidate. */
export const finishJob = async (
  job: string,
  { store, registry, jobs, clock, kernels }: FinishDeps,
): Promise<Finished> => {
  const keys = jobKeys(job)
  const json = async (key: string): Promise<unknown> =>
    JSON.parse(new TextDecoder().decode((await store.get(key)).body))
  const document = checked(trainingJobSchema, await json(keys.spec), 'job')
  const { files: names } = checked(z.object({ files: z.array(z.string()) }), await json(keys.complete), 'candidate')
  const candidate = await readCandidate(job, names, async (name) => (await store.get(`${keys.candidate}${name}`)).body)
  const { maas_model_name: model = job.toLowerCase(), maas_alias: alias, maas_gate: gate } = document.HyperParameters
  const registered = await registerCandidate(
    {
      model,
      job,
      by: 'training',
      candidate,
      ...(alias !== undefined && { alias }),
      ...(gate !== undefined && { gate }),
      ...(kernels !== undefined && { kernels }),
    },
    registry,
  )
  const output: Finished = {
    model,
    version: registered.manifest.version,
    gate: registered.gate.message,
    passed: registered.gate.passed,
    ...(registered.alias !== undefined && { alias: registered.alias }),
  }
  await jobs.add(job, {
    kind: 'end',
    at: new Date(clock()).toISOString(),
    outcome: 'Completed',
    output,
    metrics: candidate.metrics,
  })
  return output
}
