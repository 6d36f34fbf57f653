/** From a job's name to a registered version: submit to Batch, wait, then gate, register and move the alias. */
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

/** Input: `{"job": "name"}`, whose document lies at `jobs/{name}/spec.json`. The job keeps its name, so it is started once. */
export class Workflow extends Construct {
  readonly machine: StateMachine

  constructor(scope: Construct, id: string, { stage, batch, events, logs, timeout }: WorkflowProps) {
    super(scope, id)
    // The optimised integration with .sync cannot override a container's environment; the SDK's can.
    const submit = new CallAwsService(this, 'Train', {
      service: 'batch',
      action: 'submitJob',
      iamAction: 'batch:SubmitJob',
      iamResources: [batch.queueArn, batch.definitionPattern],
      parameters: {
        JobName: JsonPath.stringAt('$.job'),
        JobQueue: batch.queueArn,
        JobDefinition: batch.definitionArn,
        EcsPropertiesOverride: {
          TaskProperties: [
            {
              Containers: [
                {
                  Name: containerName,
                  Environment: [{ Name: 'TRAINING_JOB_NAME', Value: JsonPath.stringAt('$.job') }],
                },
              ],
            },
          ],
        },
      },
      resultPath: '$.submitted',
    })
    submit.addRetry({ errors: ['Batch.BatchException', 'Batch.SdkClientException'], maxAttempts: 5 })
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
    submit.next(wait)
    wait.next(look)
    look.next(ended)
    this.machine = new StateMachine(this, 'Machine', {
      stateMachineName: `maas-${stage}-train`,
      definitionBody: DefinitionBody.fromChainable(submit),
      timeout,
      tracingEnabled: true,
      logs: { destination: logs, level: LogLevel.ALL },
    })
  }
}
