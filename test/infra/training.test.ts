import { Match, type Template } from 'aws-cdk-lib/assertions'
import { beforeAll, describe, expect, it } from 'vitest'
import { synthesize } from './synth.ts'

let training: Template
beforeAll(() => {
  training = synthesize().training
})

const job = () => Object.values(training.findResources('AWS::Batch::JobDefinition'))[0]?.Properties
const task = () => job().EcsProperties.TaskProperties[0]

describe('jobs', () => {
  it('are tried again after a Spot reclaim and after nothing else', () => {
    const rules = job().RetryStrategy.EvaluateOnExit
    const retried = rules.filter(({ Action }: { Action: string }) => Action === 'RETRY')
    expect(JSON.stringify(retried)).toContain('Your Spot Task was interrupted*')
    expect(retried).toHaveLength(2)
    expect(rules.slice(2)).toEqual([
      { Action: 'EXIT', OnExitCode: '*' },
      { Action: 'EXIT', OnReason: '*' },
      { Action: 'EXIT', OnStatusReason: '*' },
    ])
    expect(rules.length).toBeLessThanOrEqual(5)
  })

  it('get 120 seconds to write a checkpoint, and end after a day', () => {
    expect(task().Containers[0].StopTimeout).toBe(120)
    expect(job().Timeout).toEqual({ AttemptDurationSeconds: 86_400 })
  })

  it('run as nobody in particular, on a root file system that cannot be written', () => {
    expect(task().Containers[0]).toMatchObject({ User: '1000:1000', ReadonlyRootFilesystem: true })
    expect(
      task().Containers[0].MountPoints.map(({ ContainerPath }: { ContainerPath: string }) => ContainerPath),
    ).toEqual(['/opt/ml', '/tmp'])
  })

  it('are started with a token of their own, which no log of the workflow holds', () => {
    const [machine] = Object.values(training.findResources('AWS::StepFunctions::StateMachine'))
    const text = JSON.stringify(machine?.Properties.DefinitionString)
    expect(text).toContain('\\"Value.$\\":\\"$.grant.token\\"')
    expect(machine?.Properties.LoggingConfiguration).toMatchObject({ IncludeExecutionData: false })
    const names = task().Containers[0].Environment.map(({ Name }: { Name: string }) => Name)
    expect(names).toEqual(['MAAS_STORE', 'MAAS_JOB_CREDENTIALS'])
  })

  it('prefer Spot for the share of it that is configured, which can be none', () => {
    const typesOf = (template: Template) =>
      Object.values(template.findResources('AWS::Batch::ComputeEnvironment')).map(
        (each) => each.Properties.ComputeResources.Type,
      )
    expect(typesOf(training).sort()).toEqual(['FARGATE', 'FARGATE_SPOT'])
    const [queue] = Object.values(training.findResources('AWS::Batch::JobQueue'))
    expect(JSON.stringify(queue?.Properties.ComputeEnvironmentOrder[0])).toContain('Spot')
    const sizesOf = (template: Template) =>
      Object.values(template.findResources('AWS::Batch::ComputeEnvironment')).map(
        (each) => each.Properties.ComputeResources.MaxvCpus,
      )
    expect(sizesOf(training).sort()).toEqual([12, 4])
    expect(typesOf(synthesize({ training: { spotShare: 0 } }).training)).toEqual(['FARGATE'])
    expect(() => synthesize({ training: { spotShare: 0.9 } })).toThrow('large enough for one job')
  })
})

describe('transform jobs', () => {
  const definitions = () => Object.values(training.findResources('AWS::Batch::JobDefinition'))
  const named = (name: string) =>
    definitions().find(({ Properties }) => Properties.JobDefinitionName === name)?.Properties
  const container = (name: string) => named(name).EcsProperties.TaskProperties[0].Containers[0]
  const policyOf = (id: string) =>
    Object.entries(training.findResources('AWS::IAM::Policy')).find(([each]) => each.startsWith(id))?.[1]

  it('run the training image by another command and another role, on a queue of a known name', () => {
    const [train, transform] = ['maas-dev-train', 'maas-dev-transform'].map(container)
    const Environment = [transform.Environment[0], train.Environment[1]]
    expect({ ...transform, Command: ['train'], Environment }).toEqual(train)
    expect(transform.Command).toEqual(['transform'])
    const roles = ['maas-dev-train', 'maas-dev-transform'].map((name) =>
      JSON.stringify(named(name).EcsProperties.TaskProperties[0].TaskRoleArn),
    )
    expect(new Set(roles).size).toBe(2)
    training.hasResourceProperties('AWS::Batch::JobQueue', { JobQueueName: 'maas-dev-transform' })
    synthesize().service.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({
          MAAS_TRANSFORM_QUEUE: 'maas-dev-transform',
          MAAS_TRANSFORM_JOB: 'maas-dev-transform',
        }),
      },
    })
  })

  it('read data and models, write parts, and touch nothing else', () => {
    const statements = policyOf('TransformRole')?.Properties.PolicyDocument.Statement as {
      readonly Action: string | string[]
      readonly Resource: unknown
    }[]
    const written = statements.find(({ Action }) => JSON.stringify(Action).includes('s3:PutObject'))
    const keys = [...JSON.stringify(written?.Resource).matchAll(/"\/([^"]+)"/g)].map(([, key]) => key)
    expect(keys).toEqual(['transforms/*/parts/*', 'transforms/*/plan.json', 'transforms/*/failure.txt'])
    const text = JSON.stringify(statements)
    expect(text).toContain('/models/*')
    expect(text).not.toMatch(/s3:DeleteObject|dynamodb|\/jobs\/|\/keys|batch:/)
  })

  it('may be submitted by those who run jobs, and by that definition alone', () => {
    const statements = policyOf('MayRunJobs')?.Properties.PolicyDocument.Statement
    const submit = statements.find(({ Action }: { Action: string }) => Action === 'batch:SubmitJob')
    expect(JSON.stringify(submit.Resource)).toContain('job-definition/maas-dev-transform*')
    expect(JSON.stringify(submit.Resource)).toContain('TransformQueue')
    expect(JSON.stringify(submit.Resource)).not.toContain('maas-dev-train"')
    const [rule] = Object.values(training.findResources('AWS::Events::Rule')).filter(({ Properties }) =>
      JSON.stringify(Properties.EventPattern).includes('Batch Job State Change'),
    )
    expect(JSON.stringify(rule?.Properties.EventPattern)).toContain('TransformQueue')
  })
})

describe('the network', () => {
  it('costs nothing while idle: no NAT, no interface endpoints, S3 by its free gateway', () => {
    training.resourceCountIs('AWS::EC2::NatGateway', 0)
    training.resourceCountIs('AWS::EC2::EIP', 0)
    training.resourceCountIs('AWS::EC2::VPCEndpoint', 1)
    training.hasResourceProperties('AWS::EC2::VPCEndpoint', { VpcEndpointType: 'Gateway' })
  })

  it('lets nothing in and only HTTPS out', () => {
    training.resourceCountIs('AWS::EC2::SecurityGroup', 1)
    training.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0)
    training.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: Match.absent(),
      SecurityGroupEgress: [Match.objectLike({ FromPort: 443, ToPort: 443 })],
    })
  })

  it('can have no way to the internet: interface endpoints that take HTTPS from jobs alone', () => {
    const { training: closed } = synthesize({ vpc: { kind: 'private', zones: 1 } })
    for (const type of ['AWS::EC2::InternetGateway', 'AWS::EC2::NatGateway', 'AWS::EC2::EIP']) {
      closed.resourceCountIs(type, 0)
    }
    const endpoints = Object.values(closed.findResources('AWS::EC2::VPCEndpoint'))
    const services = endpoints
      .filter(({ Properties }) => Properties.VpcEndpointType === 'Interface')
      .map(({ Properties }) => JSON.stringify(Properties.ServiceName).match(/(ecr\.api|ecr\.dkr|lambda|logs)/)?.[0])
    expect(services.sort()).toEqual(['ecr.api', 'ecr.dkr', 'lambda', 'logs'])
    const ingress = Object.values(closed.findResources('AWS::EC2::SecurityGroupIngress'))
    expect(ingress).toHaveLength(1)
    expect(ingress[0]?.Properties).toMatchObject({ FromPort: 443, ToPort: 443 })
    expect(JSON.stringify(ingress[0]?.Properties.SourceSecurityGroupId)).toContain('NetworkJobs')
    closed.hasResourceProperties('AWS::Batch::JobDefinition', {
      EcsProperties: {
        TaskProperties: [Match.objectLike({ NetworkConfiguration: { AssignPublicIp: 'DISABLED' } })],
      },
    })
  })

  it('can be one that is there already', () => {
    const given = synthesize({
      vpc: { kind: 'given', vpcId: 'vpc-0a1234567', subnetIds: ['subnet-0a1234567', 'subnet-0b1234567'] },
    }).training
    given.resourceCountIs('AWS::EC2::VPC', 0)
    given.allResourcesProperties('AWS::Batch::ComputeEnvironment', {
      ComputeResources: Match.objectLike({ Subnets: ['subnet-0a1234567', 'subnet-0b1234567'] }),
    })
    given.hasResourceProperties('AWS::Batch::JobDefinition', {
      EcsProperties: {
        TaskProperties: [Match.objectLike({ NetworkConfiguration: { AssignPublicIp: 'DISABLED' } })],
      },
    })
  })
})

describe('what follows a job', () => {
  it('is recorded on every state change, and nothing is lost silently', () => {
    training.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: Match.objectLike({ source: ['aws.batch'], 'detail-type': ['Batch Job State Change'] }),
      Targets: [Match.objectLike({ DeadLetterConfig: Match.anyValue(), RetryPolicy: Match.anyValue() })],
    })
    training.hasResourceProperties('AWS::Lambda::Function', { DeadLetterConfig: Match.anyValue() })
  })

  it('is a workflow: train, look until it ended, then gate, register and move the alias', () => {
    const [machine] = Object.values(training.findResources('AWS::StepFunctions::StateMachine'))
    expect(machine?.Properties.TracingConfiguration).toEqual({ Enabled: true })
    const text = JSON.stringify(
      machine?.Properties.DefinitionString['Fn::Join'][1].filter((part: unknown) => typeof part === 'string').join(''),
    )
    for (const state of ['Grant', 'Train', 'Wait', 'Look', 'Ended', 'GateRegisterAlias', 'Passed', 'Failed']) {
      expect(text).toContain(`\\"${state}\\":{`)
    }
    expect(text).toContain('aws-sdk:batch:submitJob')
    expect(text).toContain('TRAINING_JOB_NAME')
  })
})
