/** API Gateway as a projection of the contract's route table: resources, methods, models, rights, error shapes. */
import { deployedRoutes, type Route } from '@maas/core/contract'
import { Duration, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib'
import {
  AccessLogFormat,
  ApiKeySourceType,
  AuthorizationType,
  CfnModel,
  EndpointType,
  IdentitySource,
  type IRequestValidator,
  type IResource,
  type IRestApi,
  LambdaIntegration,
  LogGroupLogDestination,
  type MethodDeploymentOptions,
  MethodLoggingLevel,
  Model,
  Period,
  RequestAuthorizer,
  ResponseTransferMode,
  RestApi,
} from 'aws-cdk-lib/aws-apigateway'
import type { Alias, IFunction } from 'aws-cdk-lib/aws-lambda'
import type { ILogGroup } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import * as z from 'zod'
import type { Config } from '../config.ts'
import { addGatewayErrors } from './gateway-errors.ts'

export interface ApiProps {
  readonly config: Config
  readonly owners: Readonly<Record<Route['owner'], Alias>>
  /** Answers the api's streamed routes. */
  readonly streaming: Alias
  /** By model: the function that answers for it in place of `owners.predict`. */
  readonly dedicated: Readonly<Record<string, Alias>>
  readonly authorizer: Alias
  readonly logs: ILogGroup
  /** Values of the keys that the authorizer names, so that each right counts against its own plan. */
  readonly usageKeys: UsageKeys
}

export type UsageKeys = Readonly<Record<'data' | 'control', string>>

/** Not secrets: API Gateway takes these from our authorizer alone, never from a caller. Unique in account and region. */
export const usageKeysOf = (scope: Construct, stage: string): UsageKeys => {
  const unique = Fn.select(2, Fn.split('/', Stack.of(scope).stackId))
  return { data: `maas-${stage}-data-${unique}`, control: `maas-${stage}-control-${unique}` }
}

/** API Gateway keeps a streamed answer open this long. */
const STREAM_TIME = Duration.minutes(15)

/** One method of one resource; routes that differ in what follows a parameter (`:predict`, `:classify`) share it. */
interface Projected {
  readonly path: string
  readonly method: Route['method']
  readonly routes: readonly Route[]
}

/** Braces must wrap a whole path part there, so `{model}` also catches `cifar10:predict`; the function tells them apart. */
export const project = (table: readonly Route[]): Projected[] => {
  const found = new Map<string, Projected>()
  for (const route of table) {
    const path = route.path.replace(/\{(\w+)\}[^/]*/g, '{$1}')
    const key = `${route.method} ${path}`
    found.set(key, { path, method: route.method, routes: [...(found.get(key)?.routes ?? []), route] })
  }
  return [...found.values()]
}

/** Routes of models with a function of their own, as paths that name them: API Gateway prefers these to `{model}`. */
export const routesOfModel = (table: readonly Route[], model: string): Route[] =>
  table
    .filter(({ owner, path }) => owner === 'predict' && path.includes('{model}'))
    .map((route) => ({ ...route, path: route.path.replace('{model}', model) }))

/** Content types that requests bring besides JSON. */
export const binaryTypes = (table: readonly Route[]): string[] => [
  ...new Set(table.flatMap(({ request = {} }) => Object.keys(request).filter((type) => request[type] === 'binary'))),
]

/** Open to anybody, so kept from becoming a bill. */
const openMethods = (table: readonly Route[]): Record<string, MethodDeploymentOptions> =>
  Object.fromEntries(
    project(table)
      .filter(({ routes: [first] }) => first?.right === 'none')
      .map(({ path, method }) => [
        // The CDK writes the root's as //GET.
        `${path}/${method}`,
        { throttlingRateLimit: 10, throttlingBurstLimit: 20 },
      ]),
  )

export class Api extends Construct {
  readonly rest: RestApi
  private readonly authorizer: RequestAuthorizer
  /** For AWS' own clients, which can carry a key only as a session token. */
  private readonly tokenAuthorizer: RequestAuthorizer

  constructor(scope: Construct, id: string, props: ApiProps) {
    super(scope, id)
    const { config, owners } = props
    this.rest = this.createRest(props)
    this.authorizer = this.createAuthorizer('Authorizer', 'x-api-key', props)
    this.tokenAuthorizer = this.createAuthorizer('TokenAuthorizer', 'x-amz-security-token', props)
    const integrations = {
      predict: integrate(owners.predict),
      api: integrate(owners.api),
      keys: integrate(owners.keys),
    } satisfies Record<Route['owner'], LambdaIntegration>
    const streamed = new LambdaIntegration(props.streaming as IFunction, {
      scopePermissionToMethod: false,
      responseTransferMode: ResponseTransferMode.STREAM,
      timeout: STREAM_TIME,
    })
    const validator = this.rest.addRequestValidator('Validator', {
      validateRequestBody: true,
      validateRequestParameters: true,
    })
    const addAll = (table: readonly Route[], integrationOf: (route: Route) => LambdaIntegration): void => {
      for (const projected of project(table)) this.addMethod(projected, integrationOf, validator)
    }
    addAll(deployedRoutes, (route) => (route.streamed ? streamed : integrations[route.owner]))
    for (const [model, alias] of Object.entries(props.dedicated)) {
      const own = integrate(alias)
      addAll(routesOfModel(deployedRoutes, model), () => own)
    }
    addGatewayErrors(this.rest, config.corsOrigins)
    this.addPlans(props)
  }

  private createAuthorizer(id: string, header: string, { authorizer }: ApiProps): RequestAuthorizer {
    return new RequestAuthorizer(this, id, {
      handler: authorizer as IFunction,
      identitySources: [IdentitySource.header(header)],
      // A revoked key works this much longer.
      resultsCacheTtl: Duration.minutes(1),
    })
  }

  private authorizerOf({ dialect }: Route): RequestAuthorizer {
    return dialect === 'sagemaker' || dialect === 'sagemakerRuntime' ? this.tokenAuthorizer : this.authorizer
  }

  private createRest({ config, logs }: ApiProps): RestApi {
    return new RestApi(this, 'Rest', {
      restApiName: `maas-${config.stage}`,
      description: 'Predictions (/v1) and models (/models)',
      endpointTypes: [EndpointType.REGIONAL],
      apiKeySourceType: ApiKeySourceType.AUTHORIZER,
      binaryMediaTypes: binaryTypes(deployedRoutes),
      // An account has one such role for all its APIs; taking it away would silence theirs.
      cloudWatchRole: true,
      cloudWatchRoleRemovalPolicy: RemovalPolicy.RETAIN,
      ...(config.corsOrigins.length > 0 && {
        defaultCorsPreflightOptions: {
          allowOrigins: config.corsOrigins,
          allowHeaders: ['content-type', 'x-api-key', 'if-match', 'if-none-match', 'x-request-id'],
          allowMethods: ['GET', 'POST', 'PUT', 'DELETE'],
          maxAge: Duration.hours(1),
        },
      }),
      deployOptions: {
        stageName: config.stage,
        tracingEnabled: true,
        metricsEnabled: true,
        // Of what API Gateway itself does, when it fails; never bodies.
        loggingLevel: MethodLoggingLevel.ERROR,
        dataTraceEnabled: false,
        throttlingRateLimit: config.plans.data.rate + config.plans.control.rate,
        throttlingBurstLimit: config.plans.data.burst + config.plans.control.burst,
        methodOptions: openMethods(deployedRoutes),
        accessLogDestination: new LogGroupLogDestination(logs),
        accessLogFormat: AccessLogFormat.custom(JSON.stringify(accessLog)),
      },
    })
  }

  private addMethod(
    projected: Projected,
    integrationOf: (route: Route) => LambdaIntegration,
    requestValidator: IRequestValidator,
  ): void {
    const [first] = projected.routes
    if (first === undefined) return
    const model = this.createModel(projected)
    resourceAt(this.rest.root, projected.path).addMethod(projected.method, integrationOf(first), {
      ...(first.right === 'none'
        ? { authorizationType: AuthorizationType.NONE }
        : { authorizationType: AuthorizationType.CUSTOM, authorizer: this.authorizerOf(first), apiKeyRequired: true }),
      requestValidator,
      ...(model && { requestModels: { 'application/json': model } }),
    })
  }

  /** The JSON body of a method, as draft 4, which is what API Gateway reads; undefined when there is none. */
  private createModel({
    method,
    path,
    routes: sharing,
  }: Projected): ReturnType<typeof Model.fromModelName> | undefined {
    const schemas = sharing.flatMap(({ request = {} }) => {
      const schema = request['application/json']
      return schema === undefined || schema === 'binary' ? [] : [toDraft4(schema)]
    })
    if (schemas.length === 0) return undefined
    const id = `${method}${path}`.replace(/\W+(\w?)/g, (_, letter: string) => letter.toUpperCase())
    const model = new CfnModel(this, id, {
      restApiId: this.rest.restApiId,
      contentType: 'application/json',
      schema: { $schema: draft4, ...(schemas.length === 1 ? schemas[0] : { anyOf: schemas }) },
    })
    return Model.fromModelName(this, `${id}Name`, model.ref)
  }

  private addPlans({ config, usageKeys }: ApiProps): void {
    for (const right of ['data', 'control'] as const) {
      const { rate, burst, quota } = config.plans[right]
      const plan = this.rest.addUsagePlan(`${right}Plan`, {
        name: `maas-${config.stage}-${right}`,
        throttle: { rateLimit: rate, burstLimit: burst },
        quota: { limit: quota, period: Period.DAY },
        apiStages: [{ api: this.rest as IRestApi, stage: this.rest.deploymentStage }],
      })
      const description = `Counts requests of keys with the ${right} right`
      plan.addApiKey(this.rest.addApiKey(`${right}Usage`, { value: usageKeys[right], description }))
    }
  }
}

const draft4 = 'http://json-schema.org/draft-04/schema#'

/** API Gateway refuses keywords that draft 4 does not have. */
const toDraft4 = (schema: z.ZodType): Record<string, unknown> => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-4', io: 'input', unrepresentable: 'any' })
  return withoutKeys(rest, new Set(['propertyNames', '~standard'])) as Record<string, unknown>
}

const withoutKeys = (value: unknown, keys: ReadonlySet<string>): unknown => {
  if (Array.isArray(value)) return value.map((item) => withoutKeys(item, keys))
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([key]) => !keys.has(key))
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutKeys(inner, keys)]))
}

/** API Gateway waits at most 29 s in new accounts. */
const integrate = (handler: Alias): LambdaIntegration =>
  new LambdaIntegration(handler as IFunction, { scopePermissionToMethod: false })

const resourceAt = (root: IResource, path: string): IResource =>
  path
    .split('/')
    .filter((part) => part !== '')
    .reduce<IResource>((parent, part) => parent.getResource(part) ?? parent.addResource(part), root)

/** Never keys, query strings or bodies. */
const accessLog = {
  at: '$context.requestTime',
  request_id: '$context.requestId',
  ip: '$context.identity.sourceIp',
  method: '$context.httpMethod',
  path: '$context.path',
  status: '$context.status',
  caller: '$context.authorizer.name',
  key: '$context.authorizer.key',
  ms: '$context.responseLatency',
  integration_ms: '$context.integration.latency',
  authorizer_ms: '$context.authorizer.latency',
  error: '$context.error.message',
  bytes: '$context.responseLength',
} as const
