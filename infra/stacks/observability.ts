/** What is watched: a dashboard, alarms that name their article in the runbook, and a budget. */
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib'
import { CfnBudget } from 'aws-cdk-lib/aws-budgets'
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  LogQueryVisualizationType,
  LogQueryWidget,
  TextWidget,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import type { Construct } from 'constructs'
import type { Config } from '../config.ts'
import type { ServiceStack } from './service.ts'
import type { TrainingStack } from './training.ts'

export interface ObservabilityProps extends StackProps {
  readonly config: Config
  readonly service: ServiceStack
  readonly training: TrainingStack
}

const period = Duration.minutes(5)

export class ObservabilityStack extends Stack {
  constructor(scope: Construct, id: string, props: ObservabilityProps) {
    super(scope, id, props)
    const topic = new Topic(this, 'Alarms', { displayName: `maas ${props.config.stage}`, enforceSSL: true })
    if (props.config.alarmEmail !== undefined) topic.addSubscription(new EmailSubscription(props.config.alarmEmail))
    for (const { id: alarmId, metric, threshold, periods, article } of alarmsOf(props)) {
      new Alarm(this, alarmId, {
        ...{ metric, threshold, evaluationPeriods: periods },
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
        alarmDescription: `docs/runbook.md#${article}`,
      }).addAlarmAction(new SnsAction(topic as ITopic))
    }
    const dashboard = this.createDashboard(props)
    this.createBudget(props.config)
    const url = `https://console.aws.amazon.com/cloudwatch/home?region=${this.region}#dashboards:name=${dashboard.dashboardName}`
    new CfnOutput(this, 'DashboardUrl', { value: url })
  }

  private createDashboard({ config, service, training }: ObservabilityProps): Dashboard {
    const { predict, api } = service.functions
    const { rest } = service.api
    const dashboard = new Dashboard(this, 'Dashboard', { dashboardName: `maas-${config.stage}` })
    const graph = (title: string, ...left: IMetric[]): GraphWidget => new GraphWidget({ title, left, width: 8 })
    const question = (title: string, ...queryLines: string[]): LogQueryWidget =>
      new LogQueryWidget({
        ...{ title, queryLines, width: 12, view: LogQueryVisualizationType.TABLE },
        logGroupNames: [predict.logs.logGroupName],
      })
    dashboard.addWidgets(
      new TextWidget({ markdown: `# maas ${config.stage}\nWhat to do: docs/runbook.md`, width: 24, height: 2 }),
    )
    dashboard.addWidgets(
      graph('Requests', rest.metricCount({ period })),
      graph(
        'Latency, ms',
        rest.metricLatency({ period, statistic: 'p50' }),
        rest.metricLatency({ period, statistic: 'p99' }),
      ),
      graph('Errors', rest.metricClientError({ period }), rest.metricServerError({ period })),
      graph('Functions at once', predict.function.metric('ConcurrentExecutions', { period, statistic: 'max' })),
      graph('Throttles', predict.function.metricThrottles({ period }), api.function.metricThrottles({ period })),
      graph(
        'Jobs',
        training.workflow.machine.metricSucceeded({ period }),
        training.workflow.machine.metricFailed({ period }),
      ),
    )
    dashboard.addWidgets(
      question(
        'Latency by model and version, ms',
        'filter message = "request" and operation in ["predict", "classify"]',
        'stats count(*) as requests, pct(ms, 50) as p50, pct(ms, 99) as p99 by model, version',
        'sort requests desc',
      ),
      question(
        'Cold starts',
        'filter message = "request"',
        'stats count(*) as requests, sum(cold_start) as cold, avg(ms) as ms by bin(1h)',
      ),
    )
    return dashboard
  }

  private createBudget({ stage, monthlyBudget, alarmEmail }: Config): void {
    if (monthlyBudget === undefined) return
    if (alarmEmail === undefined) throw new Error('maas.monthlyBudget needs maas.alarmEmail: who is to be told?')
    new CfnBudget(this, 'Budget', {
      budget: {
        budgetName: `maas-${stage}`,
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: monthlyBudget, unit: 'USD' },
        costFilters: { TagKeyValue: [`user:maas$${stage}`] },
      },
      notificationsWithSubscribers: [80, 100].map((threshold) => ({
        notification: {
          ...{ threshold, thresholdType: 'PERCENTAGE' },
          notificationType: 'ACTUAL',
          comparisonOperator: 'GREATER_THAN',
        },
        subscribers: [{ subscriptionType: 'EMAIL', address: alarmEmail }],
      })),
    })
  }
}

interface Watched {
  readonly id: string
  readonly metric: IMetric
  readonly threshold: number
  /** Of five minutes each. */
  readonly periods: number
  /** Its heading in docs/runbook.md. */
  readonly article: string
}

const alarmsOf = ({ service, training }: ObservabilityProps): Watched[] => {
  const { predict, api, authorizer } = service.functions
  const failed = Object.entries({ Predict: predict, Api: api, Authorizer: authorizer, Events: training.events }).map(
    ([name, { function: each }]) => ({
      ...{ id: `${name}Errors`, metric: each.metricErrors({ period }), threshold: 0, periods: 1 },
      article: 'aws-a-function-fails',
    }),
  )
  return [
    ...failed,
    {
      ...{ id: 'ServerErrors', metric: service.api.rest.metricServerError({ period }), threshold: 5, periods: 1 },
      article: 'aws-the-api-answers-5xx',
    },
    {
      ...{ id: 'Throttles', metric: predict.function.metricThrottles({ period }), threshold: 0, periods: 3 },
      article: 'aws-predictions-are-throttled',
    },
    {
      ...{
        id: 'Slow',
        metric: service.api.rest.metricLatency({ period, statistic: 'p99' }),
        threshold: 10_000,
        periods: 3,
      },
      article: 'aws-predictions-are-slow',
    },
    {
      ...{ id: 'JobsFailed', metric: training.workflow.machine.metricFailed({ period }), threshold: 0, periods: 1 },
      article: 'aws-a-training-job-failed',
    },
    {
      ...{
        id: 'EventsLost',
        metric: training.lost.metricApproximateNumberOfMessagesVisible({ period }),
        threshold: 0,
        periods: 1,
      },
      article: 'aws-job-events-were-lost',
    },
  ]
}
