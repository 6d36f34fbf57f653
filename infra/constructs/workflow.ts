/** From a job's name to a registered version: a token for the job, submit to Batch, wait, then gate, register and move the alias. */
import { Duration } from 'aws-cdk-lib'
import type { Alias, IFunction } from 'aws-cdk-lib/aws-lambda'
import type { LogGroup } from 'aws-cdk-lib/aws-logs'
import {
  Choice,
  Condition,
  DefinitionBody,
  Fail,
  JsonPath,
  LogLevel,
  Pass,
  StateMachine,
  Succeed,
  TaskInput,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions'
import { CallAwsService, LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks'
import { Construct } from 'constructs'
import { type Batch, containerName } from './batch.ts'

export interface WorkflowProps {
  readonly stage: string
  readonly batch: Batch
  readonly events: Alias
  readonly logs: LogGroup
  readonly timeout: Duration
}

/** Between two looks at a job; a state transition costs a fortieth of a US cent. */
const LOOK_SECONDS = 30

/** Known before the stack that makes it. */
export const workflowName = (stage: string): string => `maas-${stage}-train`

/**
 * Input: `{job, cpus, memory, seconds, spot}` as `layers/core/jobs` writes it; the document lies at `jobs/{job}/spec.json`.
 * The job keeps its name, so it is started once.
 */
export class Workflow extends Construct {
  readonly machine: StateMachine

  constructor(scope: Construct, id: string, { stage, batch, events, logs, timeout }: WorkflowProps) {
    super(scope, id)
    const onSpot = this.createSubmit('Train', batch, batch.queueArn)
    const onDemand = this.createSubmit('TrainOnDemand', batch, batch.onDemandQueueArn)
    const grant = new LambdaInvoke(this, 'Grant', {
      lambdaFunction: events as IFunction,
      // A token is of no use after its workflow.
      payload: TaskInput.fromObject({ task: 'grant', job: JsonPath.stringAt('$.job'), seconds: timeout.toSeconds() }),
      payloadResponseOnly: true,
      resultPath: '$.grant',
    })
    const submit = new Choice(this, 'Spot').when(Condition.booleanEquals('$.spot', true), onSpot).otherwise(onDemand)
    const wait = new Wait(this, 'Wait', { time: WaitTime.duration(Duration.seconds(LOOK_SECONDS)) })
    const look = new CallAwsService(this, 'Look', {
      service: 'batch',
      action: 'describeJobs',
      iamAction: 'batch:DescribeJobs',
      // Batch knows no resources for this action.
      iamResources: ['*'],
      parameters: { Jobs: JsonPath.array(JsonPath.stringAt('$.submitted.JobId')) },
      resultSelector: { 'status.$': '$.Jobs[0].Status' },
      resultPath: '$.batch',
    })
    look.addRetry({ errors: ['States.ALL'], maxAttempts: 10, maxDelay: Duration.minutes(1) })
    const finish = new LambdaInvoke(this, 'GateRegisterAlias', {
      lambdaFunction: events as IFunction,
      payload: TaskInput.fromObject({ task: 'finish', job: JsonPath.stringAt('$.job') }),
      payloadResponseOnly: true,
      resultPath: '$.version',
    })
    const heldBack = new Pass(this, 'HeldBackByItsGate').next(new Succeed(this, 'Registered'))
    const moved = new Succeed(this, 'RegisteredAndMoved')
    const ended = new Choice(this, 'Ended')
      .when(Condition.stringEquals('$.batch.status', 'SUCCEEDED'), finish)
      .when(
        Condition.stringEquals('$.batch.status', 'FAILED'),
        new Fail(this, 'Failed', { error: 'TrainingFailed', cause: 'jobs/{job}/failure.txt in the bucket says why' }),
      )
      .otherwise(wait)
    finish.next(
      new Choice(this, 'Passed').when(Condition.booleanEquals('$.version.passed', true), moved).otherwise(heldBack),
    )
    grant.next(submit)
    onSpot.next(wait)
    onDemand.next(wait)
    wait.next(look)
    look.next(ended)
    this.machine = new StateMachine(this, 'Machine', {
      stateMachineName: workflowName(stage),
      definitionBody: DefinitionBody.fromChainable(grant),
      timeout,
      tracingEnabled: true,
      // Without what is passed on: a job's token is part of it.
      logs: { destination: logs, level: LogLevel.ALL, includeExecutionData: false },
    })
  }
  private createSubmit(id: string, batch: Batch, queueArn: string): CallAwsService {
    // The optimised integration with .sync cannot override a container's environment; the SDK's can.
    const submit = new CallAwsService(this, id, {
      service: 'batch',
      action: 'submitJob',
      iamAction: 'batch:SubmitJob',
      iamResources: [queueArn, batch.definitionPattern],
      parameters: {
        JobName: JsonPath.stringAt('$.job'),
        JobQueue: queueArn,
        JobDefinition: batch.definitionArn,
        Timeout: { AttemptDurationSeconds: JsonPath.numberAt('$.seconds') },
        EcsPropertiesOverride: {
          TaskProperties: [
            {
              Containers: [
                {
                  Name: containerName,
                  Environment: [
                    { Name: 'TRAINING_JOB_NAME', Value: JsonPath.stringAt('$.job') },
                    { Name: 'MAAS_JOB_TOKEN', Value: JsonPath.stringAt('$.grant.token') },
                  ],
                  ResourceRequirements: [
                    { Type: 'VCPU', Value: JsonPath.stringAt('$.cpus') },
                    { Type: 'MEMORY', Value: JsonPath.stringAt('$.memory') },
                  ],
                },
              ],
            },
          ],
        },
      },
      resultPath: '$.submitted',
    })
    submit.addRetry({ errors: ['Batch.BatchException', 'Batch.SdkClientException'], maxAttempts: 5 })
    return submit
  }
}
