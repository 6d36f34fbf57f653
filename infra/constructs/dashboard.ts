/** The dashboard: how much, how fast, how cold, what failed, what waits, what it costs. */

import { fargateHour, prices } from '@maas/core/contract'
import { Duration, Stack } from 'aws-cdk-lib'
import {
  Dashboard,
  GraphWidget,
  type IMetric,
  LogQueryVisualizationType,
  LogQueryWidget,
  MathExpression,
  Metric,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch'
import type { Queue } from 'aws-cdk-lib/aws-sqs'
import type { Construct } from 'constructs'
import type { Config } from '../config.ts'
import type { ServiceStack } from '../stacks/service.ts'
import type { TrainingStack } from '../stacks/training.ts'
import { type MaasFunction, metricsNamespace } from './function.ts'

export interface Watched {
  readonly config: Config
  readonly service: ServiceStack
  readonly training: TrainingStack
}

export const period = Duration.minutes(5)

/** All functions, by the name of their log group. */
export const functionsOf = ({ service, training }: Watched): Record<string, MaasFunction> => ({
  ...service.functions,
  ...Object.fromEntries(Object.entries(service.dedicated).map(([model, each]) => [`predict-${model}`, each])),
  events: training.events,
  credentials: training.credentials,
})

/** Queues that something must come out of, by name. */
export const queuesOf = ({ service, training }: Watched): Record<string, Queue> => ({
  predictions: service.later.queue,
  'predictions lost': service.later.lost,
  'job events lost': training.lost,
})

/** All that functions measured under these dimensions, a line for each combination. */
const search = (config: Config, dimensions: string, metric: string, statistic: string, label: string): MathExpression =>
  new MathExpression({
    expression: `SEARCH('{"${metricsNamespace(config)}",${dimensions}} MetricName="${metric}"', '${statistic}', 300)`,
    usingMetrics: {},
    label,
    period,
  })

/** What is spent in each period at list prices: an early sign, not the bill. */
const spent = (watched: Watched): IMetric[] => {
  const { config, service, training } = watched
  const { gigabyteSecond } = prices.lambda[config.architecture]
  const all = Object.values(functionsOf(watched))
  const sizes = { cpus: config.training.cpus, memory: config.training.memory / 1024, disk: config.training.disk }
  const perHour = fargateHour(sizes, { architecture: config.architecture, spot: false })
  return [
    new MathExpression({
      label: 'API Gateway',
      period,
      usingMetrics: { requests: service.api.rest.metricCount({ period }) },
      expression: `requests * ${prices.apiGatewayMillionRequests / 1e6}`,
    }),
    new MathExpression({
      label: 'Lambda',
      period,
      usingMetrics: Object.fromEntries(
        all.map(({ function: each }, i) => [`ms${i}`, each.metricDuration({ period, statistic: Stats.SUM })]),
      ),
      expression: all
        .map(({ memory }, i) => `FILL(ms${i}, 0) / 1000 * ${memory / 1024} * ${gigabyteSecond}`)
        .join(' + '),
    }),
    new MathExpression({
      label: 'Training on demand, waiting included',
      period,
      usingMetrics: { ms: training.workflow.machine.metricTime({ period, statistic: Stats.SUM }) },
      expression: `ms / 3600000 * ${perHour}`,
    }),
  ]
}

export const createDashboard = (scope: Construct, watched: Watched): Dashboard => {
  const { config, service, training } = watched
  const { rest } = service.api
  const all = Object.entries(functionsOf(watched))
  const dashboard = new Dashboard(scope, 'Dashboard', { dashboardName: `maas-${config.stage}` })
  const graph = (title: string, ...left: IMetric[]): GraphWidget => new GraphWidget({ title, left, width: 8 })
  const ofFunctions = (metricOf: (each: MaasFunction, label: string) => IMetric): IMetric[] =>
    all.map(([name, each]) => metricOf(each, name))
  const question = (title: string, ...queryLines: string[]): LogQueryWidget =>
    new LogQueryWidget({
      title,
      queryLines,
      width: 12,
      view: LogQueryVisualizationType.TABLE,
      logGroupNames: all.filter(([name]) => name.startsWith('predict')).map(([, { logs }]) => logs.logGroupName),
    })
  const { machine } = training.workflow
  dashboard.addWidgets(
    new TextWidget({ markdown: `# maas ${config.stage}\nWhat to do: docs/runbook.md`, width: 24, height: 2 }),
  )
  dashboard.addWidgets(
    graph('Requests', rest.metricCount({ period })),
    graph(
      'Latency of the API, ms',
      ...['p50', 'p99'].map((statistic) => rest.metricLatency({ period, statistic, label: statistic })),
    ),
    graph('Latency by model and version, p99, ms', search(config, 'service,model,version', 'Latency', 'p99', '')),
    graph('Cold starts', search(config, 'service,function_name', 'ColdStart', 'Sum', '')),
    graph(
      'Errors',
      rest.metricClientError({ period, label: 'refused (4xx)' }),
      rest.metricServerError({ period, label: 'failed (5xx)' }),
      ...ofFunctions(({ function: each }, label) => each.metricErrors({ period, label })),
    ),
    graph('Throttles', ...ofFunctions(({ function: each }, label) => each.metricThrottles({ period, label }))),
    graph(
      'Age of the oldest message, s',
      ...Object.entries(queuesOf(watched)).map(([label, queue]) =>
        queue.metricApproximateAgeOfOldestMessage({ period, label }),
      ),
    ),
    graph(
      'Job outcomes',
      ...[machine.metricSucceeded, machine.metricFailed, machine.metricTimedOut, machine.metricAborted].map(
        (metricOf) => metricOf.call(machine, { period }),
      ),
    ),
    new GraphWidget({
      title: 'Money, US dollars each five minutes at list prices',
      left: spent(watched),
      stacked: true,
      width: 8,
    }),
  )
  dashboard.addWidgets(
    question(
      'Predictions by model and version, ms',
      'filter message = "request" and operation in ["predict", "classify"]',
      'stats count(*) as requests, pct(ms, 50) as p50, pct(ms, 99) as p99 by model, version',
      'sort requests desc',
    ),
    question(
      'Cold starts by hour',
      'filter message = "request"',
      'stats count(*) as requests, sum(cold_start) as cold, avg(ms) as ms by bin(1h)',
    ),
    new GraphWidget({
      title: 'Charges of the whole account this month (needs billing alerts)',
      width: 12,
      period: Duration.hours(6),
      left: [
        new Metric({
          namespace: 'AWS/Billing',
          metricName: 'EstimatedCharges',
          dimensionsMap: { Currency: 'USD' },
          statistic: Stats.MAXIMUM,
          region: 'us-east-1',
          period: Duration.hours(6),
        }),
      ],
    }),
    graph(
      'Predictions at once',
      service.functions.predict.function.metric('ConcurrentExecutions', { period, statistic: Stats.MAXIMUM }),
    ),
  )
  return dashboard
}

export const dashboardUrl = (scope: Construct, { dashboardName }: Dashboard): string =>
  `https://console.aws.amazon.com/cloudwatch/home?region=${Stack.of(scope).region}#dashboards:name=${dashboardName}`
