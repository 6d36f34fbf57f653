import { deployedRoutes } from '@maas/core/contract'
import { Match, type Template } from 'aws-cdk-lib/assertions'
import { beforeAll, describe, expect, it } from 'vitest'
import { binaryTypes, project } from '../../infra/constructs/api.ts'
import { synthesize } from './synth.ts'

let service: Template
let all: ReturnType<typeof synthesize>
beforeAll(() => {
  all = synthesize()
  service = all.service
})

const methodsOf = (template: Template) =>
  Object.values(template.findResources('AWS::ApiGateway::Method')).map(({ Properties }) => Properties)

/** One synthesis for several tests: each takes seconds. */
const everything = {
  architecture: 'arm64',
  provisionedConcurrency: 2,
  concurrency: 10,
  waf: true,
  webhooks: true,
} as const

describe('the API', () => {
  it('has a method for every route of the contract, and no other', () => {
    const resources = service.findResources('AWS::ApiGateway::Resource')
    const pathOf = (ref: { Ref?: string }): string => {
      const found = ref.Ref === undefined ? undefined : resources[ref.Ref]
      return found === undefined ? '' : `${pathOf(found.Properties.ParentId)}/${found.Properties.PathPart}`
    }
    const there = methodsOf(service).map(({ HttpMethod, ResourceId }) => `${HttpMethod} ${pathOf(ResourceId) || '/'}`)
    expect(there.sort()).toEqual(
      project(deployedRoutes)
        .map(({ method, path }) => `${method} ${path}`)
        .sort(),
    )
    expect(there).toContain('POST /v1/models/{model}')
  })

  it('asks the authorizer and counts against a plan everywhere but at what the contract leaves open', () => {
    const open = methodsOf(service).filter(({ AuthorizationType }) => AuthorizationType !== 'CUSTOM')
    expect(open).toHaveLength(deployedRoutes.filter(({ right }) => right === 'none').length)
    for (const { HttpMethod } of open) expect(HttpMethod).toBe('GET')
    for (const { AuthorizationType, ApiKeyRequired } of methodsOf(service)) {
      expect(ApiKeyRequired === true).toBe(AuthorizationType === 'CUSTOM')
    }
    service.hasResourceProperties('AWS::ApiGateway::RestApi', { ApiKeySourceType: 'AUTHORIZER' })
    service.hasResourceProperties('AWS::ApiGateway::Authorizer', {
      Type: 'REQUEST',
      IdentitySource: 'method.request.header.x-api-key',
      AuthorizerResultTtlInSeconds: 60,
    })
  })

  it('keeps the plans of data and control apart', () => {
    service.resourceCountIs('AWS::ApiGateway::UsagePlan', 2)
    const limits = {
      data: { Throttle: { RateLimit: 50, BurstLimit: 100 }, Quota: { Period: 'DAY', Limit: 1_000_000 } },
      control: { Throttle: { RateLimit: 10, BurstLimit: 20 }, Quota: { Period: 'DAY', Limit: 50_000 } },
    }
    for (const right of ['data', 'control'] as const) {
      service.hasResourceProperties('AWS::ApiGateway::UsagePlan', {
        UsagePlanName: `maas-dev-${right}`,
        ...limits[right],
      })
    }
    service.resourceCountIs('AWS::ApiGateway::UsagePlanKey', 2)
  })

  it('logs accesses without keys or bodies, is throttled and traced', () => {
    const [stage] = Object.values(service.findResources('AWS::ApiGateway::Stage'))
    expect(stage?.Properties).toMatchObject({ TracingEnabled: true })
    const format: string = stage?.Properties.AccessLogSetting.Format
    expect(JSON.parse(format)).toMatchObject({ request_id: '$context.requestId', key: '$context.authorizer.key' })
    expect(format).not.toMatch(/apiKey\b|querystring|header/i)
    const [healthz] = (stage?.Properties.MethodSettings ?? []).filter(({ ResourcePath }: { ResourcePath: string }) =>
      ResourcePath.includes('healthz'),
    )
    expect(healthz).toMatchObject({ ThrottlingRateLimit: 10, ThrottlingBurstLimit: 20 })
    const everything = stage?.Properties.MethodSettings.find(
      ({ ResourcePath, HttpMethod }: Record<string, string>) => ResourcePath === '/*' && HttpMethod === '*',
    )
    expect(everything).toMatchObject({ ThrottlingRateLimit: 60, ThrottlingBurstLimit: 120, MetricsEnabled: true })
    for (const { DataTraceEnabled } of stage?.Properties.MethodSettings ?? [])
      expect(DataTraceEnabled ?? false).toBe(false)
  })

  it('takes images as bytes and checks JSON against the contract', () => {
    service.hasResourceProperties('AWS::ApiGateway::RequestValidator', {
      ValidateRequestBody: true,
      ValidateRequestParameters: true,
    })
    for (const { RequestValidatorId } of methodsOf(service)) expect(RequestValidatorId).toBeDefined()
    const binary = binaryTypes(deployedRoutes)
    expect(binary).toContain('image/jpeg')
    service.hasResourceProperties('AWS::ApiGateway::RestApi', { BinaryMediaTypes: binary })
    const models = Object.values(service.findResources('AWS::ApiGateway::Model')).map(
      ({ Properties }) => Properties.Schema,
    )
    const bodies = project(deployedRoutes).filter((each) =>
      each.routes.some(({ request = {} }) => 'application/json' in request),
    )
    expect(models).toHaveLength(bodies.length)
    for (const model of models) {
      expect(model.$schema).toContain('draft-04')
      expect(JSON.stringify(model)).not.toMatch(/"(const|propertyNames|exclusiveMinimum":\d|\$defs)"/)
    }
  })

  it('answers its own errors in our shape, as JSON, with the request id', () => {
    const replies = Object.values(service.findResources('AWS::ApiGateway::GatewayResponse')).map(
      (each) => each.Properties,
    )
    expect(replies.length).toBeGreaterThan(10)
    for (const { ResponseTemplates } of replies) {
      const { error } = JSON.parse(ResponseTemplates['application/json'])
      expect(Object.keys(error)).toEqual(['code', 'message', 'request_id'])
    }
    const throttled = replies.find(({ ResponseType }) => ResponseType === 'THROTTLED')
    expect(throttled).toMatchObject({
      StatusCode: '429',
      ResponseParameters: { 'gatewayresponse.header.retry-after': "'1'" },
    })
  })

  it('lets browsers in from the origins that are configured, errors included, and from none by default', () => {
    expect(methodsOf(service).some(({ HttpMethod }) => HttpMethod === 'OPTIONS')).toBe(false)
    const { service: open } = synthesize({ corsOrigins: ['https://example.org'] })
    expect(methodsOf(open).some(({ HttpMethod }) => HttpMethod === 'OPTIONS')).toBe(true)
    open.allResourcesProperties('AWS::ApiGateway::GatewayResponse', {
      ResponseParameters: Match.objectLike({
        'gatewayresponse.header.access-control-allow-origin': "'https://example.org'",
      }),
    })
  })
})

describe('a queue', () => {
  it('gives an asynchronous prediction five tries, six times as long apart as one may take', () => {
    service.hasResourceProperties('AWS::SQS::Queue', {
      VisibilityTimeout: 174,
      RedrivePolicy: { maxReceiveCount: 5, deadLetterTargetArn: Match.anyValue() },
    })
    service.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
    })
  })

  it('hides an event from others for longer than its check may take, and keeps it after five tries', () => {
    service.hasResourceProperties('AWS::Lambda::Function', { Description: 'Vets imported models', Timeout: 840 })
    service.hasResourceProperties('AWS::SQS::Queue', {
      VisibilityTimeout: 900,
      RedrivePolicy: { maxReceiveCount: 5, deadLetterTargetArn: Match.anyValue() },
    })
    service.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: Match.objectLike({
        detail: Match.objectLike({
          object: { key: [{ wildcard: 'imports/*/ready.json' }, { prefix: 'verifications/' }] },
        }),
      }),
    })
  })

  it('is told once a day to replay what was never replayed on its kernels', () => {
    service.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(1 day)',
      Targets: [Match.objectLike({ Input: '{"task":"sweep"}' })],
    })
  })

  it('encrypts what waits, takes no plain connection, and keeps what was given up for two weeks', () => {
    for (const template of [all.service, all.training]) {
      template.allResourcesProperties('AWS::SQS::Queue', { SqsManagedSseEnabled: true })
      const queues = Object.values(template.findResources('AWS::SQS::Queue'))
      const policies = Object.values(template.findResources('AWS::SQS::QueuePolicy')).map(({ Properties }) =>
        JSON.stringify(Properties.PolicyDocument),
      )
      expect(policies).toHaveLength(queues.length)
      for (const policy of policies) expect(policy).toContain('"Bool":{"aws:SecureTransport":"false"}')
      const givenUp = queues.filter(({ Properties }) => Properties.RedrivePolicy === undefined)
      for (const { Properties } of givenUp) expect(Properties.MessageRetentionPeriod).toBe(14 * 86_400)
      expect(givenUp.length).toBeGreaterThan(0)
    }
  })
})

describe('functions', () => {
  it('fit a new account and cost nothing while idle', () => {
    for (const template of Object.values(all)) {
      for (const { Properties } of Object.values(template.findResources('AWS::Lambda::Function'))) {
        expect(Properties.MemorySize).toBeLessThanOrEqual(3008)
        expect(Properties.ReservedConcurrentExecutions).toBeUndefined()
        expect(Properties.TracingConfig).toEqual({ Mode: 'Active' })
      }
      for (const { Properties } of Object.values(template.findResources('AWS::Lambda::Alias'))) {
        expect(Properties.ProvisionedConcurrencyConfig).toBeUndefined()
      }
      for (const type of [
        'AWS::EC2::NatGateway',
        'AWS::EC2::EIP',
        'AWS::WAFv2::WebACL',
        'AWS::SecretsManager::Secret',
      ]) {
        template.resourceCountIs(type, 0)
      }
    }
  })

  it('name themselves to Powertools, so that logs, metrics and traces tell them apart', () => {
    const names = [all.service, all.training].flatMap((template) =>
      Object.values(template.findResources('AWS::Lambda::Function')).map(({ Properties }) => {
        expect(Properties.Environment.Variables.POWERTOOLS_METRICS_NAMESPACE).toBe('maas/dev')
        return Properties.Environment.Variables.POWERTOOLS_SERVICE_NAME
      }),
    )
    expect(names.sort()).toEqual(['api', 'authorizer', 'check', 'credentials', 'events', 'keys', 'predict', 'stream'])
  })

  it('have kernels by layer where they check, by image where they predict, and none where they need none', () => {
    const functions = Object.values(service.findResources('AWS::Lambda::Function')).map(({ Properties }) => Properties)
    const named = (name: string) =>
      functions.find(({ Environment }) => Environment.Variables.POWERTOOLS_SERVICE_NAME === name)
    expect(named('check')).toMatchObject({
      Layers: [{ Ref: expect.stringMatching(/^Kernels/) }],
      Runtime: 'nodejs24.x',
      EphemeralStorage: { Size: 8192 },
    })
    expect(named('predict')).toMatchObject({ PackageType: 'Image' })
    for (const name of ['api', 'keys', 'stream', 'authorizer']) expect(named(name)?.Layers, name).toBeUndefined()
  })

  it('keep encrypted logs for a stated time', () => {
    for (const template of [all.service, all.training]) {
      template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 90, KmsKeyId: Match.anyValue() })
    }
  })

  it('follow the configuration: architecture, warm ones, a limit, a firewall', () => {
    const { service: other } = synthesize(everything)
    other.allResourcesProperties('AWS::Lambda::Function', { Architectures: ['arm64'] })
    other.hasResourceProperties('AWS::Lambda::Alias', {
      ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 2 },
    })
    other.hasResourceProperties('AWS::Lambda::Function', { PackageType: 'Image', ReservedConcurrentExecutions: 10 })
    other.hasResourceProperties('AWS::Lambda::LayerVersion', { CompatibleArchitectures: ['arm64'] })
    other.resourceCountIs('AWS::WAFv2::WebACLAssociation', 1)
    other.hasResourceProperties('AWS::WAFv2::WebACL', {
      Scope: 'REGIONAL',
      Rules: [
        Match.objectLike({
          Action: { Block: {} },
          Statement: { RateBasedStatement: { AggregateKeyType: 'IP', Limit: 10_000 } },
        }),
        ...['AWSManagedRulesKnownBadInputsRuleSet', 'AWSManagedRulesAmazonIpReputationList'].map((Name) =>
          Match.objectLike({
            OverrideAction: { None: {} },
            Statement: { ManagedRuleGroupStatement: { VendorName: 'AWS', Name } },
          }),
        ),
      ],
    })
  })
})

describe('webhooks', () => {
  it('have no secret, and no cost, unless they are asked for', () => {
    const { service: signing } = synthesize(everything)
    signing.hasResourceProperties('AWS::SecretsManager::Secret', {
      GenerateSecretString: { PasswordLength: 44, ExcludePunctuation: true, IncludeSpace: false },
      KmsKeyId: Match.anyValue(),
    })
    const readers = Object.entries(signing.findResources('AWS::IAM::Policy')).filter(([, policy]) =>
      JSON.stringify(policy).includes('secretsmanager:'),
    )
    expect(readers.map(([id]) => id)).toEqual([expect.stringMatching(/^PredictRole/)])
    expect(JSON.stringify(readers)).toMatch(
      /"secretsmanager:GetSecretValue","Effect":"Allow","Resource":\{"Ref":"WebhookSecret/,
    )
    signing.hasResourceProperties('AWS::Lambda::Function', {
      PackageType: 'Image',
      Environment: {
        Variables: Match.objectLike({ MAAS_WEBHOOK_SECRET: { Ref: Match.stringLikeRegexp('^WebhookSecret') } }),
      },
    })
  })
})

describe('answers that grow', () => {
  it('are streamed by a function of their own, and no other route is', () => {
    const streamed = methodsOf(service).filter(({ Integration }) => Integration.ResponseTransferMode === 'STREAM')
    expect(streamed).toHaveLength(deployedRoutes.filter((route) => route.streamed).length)
    for (const { Integration } of streamed) {
      expect(Integration.TimeoutInMillis).toBe(900_000)
      expect(JSON.stringify(Integration.Uri)).toMatch(/StreamFunctionAliaslive.*response-streaming-invocations/)
    }
    service.hasResourceProperties('AWS::Lambda::Function', { Handler: 'index.stream', Timeout: 900 })
  })
})

describe('a release', () => {
  it('is called through an alias, and the versions before it stay, so that it can be taken back', () => {
    for (const template of [all.service, all.training]) {
      const versions = Object.values(template.findResources('AWS::Lambda::Version'))
      expect(versions.length).toBe(Object.keys(template.findResources('AWS::Lambda::Function')).length)
      for (const { DeletionPolicy } of versions) expect(DeletionPolicy).toBe('Retain')
      template.resourceCountIs('AWS::Lambda::Alias', versions.length)
    }
  })
})

describe('a model with a function of its own', () => {
  it('has its paths, memory and warm processes; all others stay with the shared one', () => {
    const dedicated = { memory: 3008, provisionedConcurrency: 1, concurrency: 5 }
    const { service: own } = synthesize({ dedicated: { cifar10: dedicated } })
    own.hasResourceProperties('AWS::Lambda::Function', {
      PackageType: 'Image',
      MemorySize: 3008,
      ReservedConcurrentExecutions: 5,
      Environment: { Variables: Match.objectLike({ POWERTOOLS_SERVICE_NAME: 'predict-cifar10' }) },
    })
    own.hasResourceProperties('AWS::Lambda::Alias', {
      ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 1 },
    })
    const resources = own.findResources('AWS::ApiGateway::Resource')
    const parts = Object.values(resources).map(({ Properties }) => Properties.PathPart)
    for (const part of ['cifar10', 'cifar10:predict', 'cifar10:classify', '{model}']) expect(parts).toContain(part)
    const predict = Object.entries(resources).find(([, each]) => each.Properties.PathPart === 'cifar10:predict')
    const [method] = methodsOf(own).filter(({ ResourceId }) => ResourceId.Ref === predict?.[0])
    expect(method).toMatchObject({ AuthorizationType: 'CUSTOM', ApiKeyRequired: true })
    expect(JSON.stringify(method?.Integration.Uri)).toContain('Predictcifar10')
    expect(() => synthesize({ dedicated: { 'Not A Name': {} } })).toThrow()
  })
})

describe('the outputs', () => {
  it('name the address, the way to a key, the bucket, the table, the queue, the dashboard and the alarms', () => {
    service.hasOutput('Url', { Value: Match.anyValue() })
    service.hasOutput('FirstKey', { Value: 'npx maas login --stack maas-dev' })
    for (const name of ['Bucket', 'KeyTable']) all.storage.hasOutput(name, { Value: Match.anyValue() })
    for (const name of ['JobQueue', 'WorkflowArn']) all.training.hasOutput(name, { Value: Match.anyValue() })
    for (const name of ['DashboardUrl', 'AlarmTopic']) all.observability.hasOutput(name, { Value: Match.anyValue() })
  })
})

describe('a domain', () => {
  const certificateArn = 'arn:aws:acm:eu-west-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef'
  const name = 'models.example.org'

  it('is served over TLS 1.2 or newer, named in the output Url, and entered in the zone when there is one', () => {
    const { service: here } = synthesize({ domain: { name, certificateArn } })
    here.hasResourceProperties('AWS::ApiGateway::DomainName', { DomainName: name, SecurityPolicy: 'TLS_1_2' })
    here.hasOutput('Url', { Value: `https://${name}/` })
    here.resourceCountIs('AWS::Route53::RecordSet', 0)
    const hostedZone = { id: 'Z0123456789', name: 'example.org' }
    const { service: entered } = synthesize({ domain: { name, certificateArn, hostedZone } })
    entered.hasResourceProperties('AWS::Route53::RecordSet', { Name: `${name}.`, Type: 'A' })
  })
})
