/** Jobs on AWS: one execution of the workflow a job, which submits it to Batch; stopped by Batch's own SIGTERM. */
import { type BatchClient, TerminateJobCommand } from '@aws-sdk/client-batch'
import { type SFNClient, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn'
import { instanceTypes, type TrainingJob } from '../contract/index.ts'
import { MaasError, messageOf } from '../errors.ts'
import { runIdOf } from './record.ts'
import type { JobRunner } from './runner.ts'

export interface BatchRunnerOptions {
  readonly workflows: SFNClient
  readonly batch: BatchClient
  /** ARN of the state machine. */
  readonly workflow: string
}

/** What the workflow is given; `seconds` bounds an attempt, with time to fetch the data and to hand in. */
export const workflowInput = (job: TrainingJob) => {
  const { cpus, memory } = instanceTypes[job.ResourceConfig.InstanceType]
  return {
    job: job.TrainingJobName,
    cpus: String(cpus),
    memory: String(memory),
    seconds: job.StoppingCondition.MaxRuntimeInSeconds + 3600,
    spot: job.EnableManagedSpotTraining,
  }
}

const throttled = new Set([
  'ThrottlingException',
  'TooManyRequestsException',
  'ExecutionLimitExceeded',
  'RequestLimitExceeded',
])
const refused = new Set([
  'AccessDeniedException',
  'AccessDenied',
  'KmsAccessDeniedException',
  'UnrecognizedClientException',
])

/** In words that name the call, the resource and, where it is one, the permission. */
export const explainAws = (error: unknown, action: string, resource: string): MaasError => {
  const name = error instanceof Error ? error.name : ''
  if (throttled.has(name))
    return new MaasError(
      'over_quota',
      `AWS takes no further ${action} at the moment (${name}). Nothing was lost: send the same request again.`,
      {
        cause: error,
        retryAfter: 5,
      },
    )
  const what = refused.has(name)
    ? `this function may not call ${action} on ${resource}`
    : `${action} on ${resource} failed`
  return new MaasError('internal', `${what}: ${messageOf(error)}`, { cause: error })
}

/** Batch takes the call for jobs in every state and does nothing to those that have ended. */
export const terminateJob = async (client: Pick<BatchClient, 'send'>, jobId: string): Promise<void> => {
  try {
    await client.send(new TerminateJobCommand({ jobId, reason: 'stopped on request' }))
  } catch (error) {
    throw explainAws(error, 'batch:TerminateJob', `the job ${jobId}`)
  }
}

/** The execution that `StartExecution` names after a job. */
const executionArn = (workflow: string, job: string): string =>
  `${workflow.replace(':stateMachine:', ':execution:')}:${job}`

export const createBatchRunner = ({ workflows, batch, workflow }: BatchRunnerOptions): JobRunner => ({
  // Batch queues as many as it is given.
  admit: async () => {},
  start: async (job) => {
    try {
      // The same name with the same input is the same execution: asked twice, a job is started once.
      const input = JSON.stringify(workflowInput(job))
      await workflows.send(new StartExecutionCommand({ stateMachineArn: workflow, name: job.TrainingJobName, input }))
    } catch (error) {
      if (error instanceof Error && error.name === 'ExecutionAlreadyExists') return
      throw explainAws(error, 'states:StartExecution', workflow)
    }
  },
  stop: async ({ name, facts }) => {
    const id = runIdOf(facts)
    if (id !== undefined) return terminateJob(batch, id)
    try {
      // Batch knows nothing of it yet; should it hear of it now, the events function ends it.
      await workflows.send(
        new StopExecutionCommand({ executionArn: executionArn(workflow, name), cause: 'stopped on request' }),
      )
    } catch (error) {
      if (error instanceof Error && error.name === 'ExecutionDoesNotExist') return
      throw explainAws(error, 'states:StopExecution', executionArn(workflow, name))
    }
  },
})
