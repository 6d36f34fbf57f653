/** What is watched: a dashboard, alarms that name their article in the runbook, and a budget. */
import { rollbackAlarmName, rollbackWindow } from '@maas/core/contract'
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib'
import { CfnBudget } from 'aws-cdk-lib/aws-budgets'
import { Alarm, CfnAlarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import type { Construct } from 'constructs'
import type { Config } from '../config.ts'
import { createDashboard, dashboardUrl, functionsOf, period, type Watched } from '../constructs/dashboard.ts'
import { metricsNamespace } from '../constructs/function.ts'

export interface ObservabilityProps extends StackProps, Watched {}

export class ObservabilityStack extends Stack {
  constructor(scope: Construct, id: string, props: ObservabilityProps) {
    super(scope, id, props)
    const topic = new Topic(this, 'Alarms', { displayName: `maas ${props.config.stage}`, enforceSSL: true })
    if (props.config.alarmEmail !== undefined) topic.addSubscription(new EmailSubscription(props.config.alarmEmail))
    for (const { id: alarmId, metric, threshold, periods, article } of alarmsOf(props)) {
      new Alarm(this, alarmId, {
        metric,
        threshold,
        evaluationPeriods: periods,
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
        alarmDescription: `docs/runbook.md#${article}`,
      }).addAlarmAction(new SnsAction(topic as ITopic))
    }
    this.createRollbackAlarms(props.config, topic)
    this.createBudget(props.config)
    const url = dashboardUrl(this, createDashboard(this, props))
    new CfnOutput(this, 'DashboardUrl', { description: 'How the service is', value: url })
    new CfnOutput(this, 'AlarmTopic', { description: 'Where alarms go', value: topic.topicArn })
  }

  /** Over all versions of a model, which come and go; the events function is told by EventBridge. */
  private createRollbackAlarms(config: Config, topic: Topic): void {
    for (const rule of config.rollback) {
      const { model, metric, limit } = rule
      const [aggregate, name] = metric === 'errors' ? ['SUM', 'Errors'] : ['AVG', 'Latency']
      const from = `SCHEMA("${metricsNamespace(config)}", model, service, version) WHERE model = '${model}'`
      const alarmName = rollbackAlarmName(config.stage, rule)
      new CfnAlarm(this, `Rollback-${alarmName}`, {
        alarmName,
        threshold: limit,
        evaluationPeriods: 1,
        alarmActions: [topic.topicArn],
        metrics: [{ id: 'q', expression: `SELECT ${aggregate}(${name}) FROM ${from}`, period: rollbackWindow }],
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
        alarmDescription: 'docs/runbook.md#aws-an-alias-went-back-by-itself',
      })
    }
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
          threshold,
          thresholdType: 'PERCENTAGE',
          notificationType: 'ACTUAL',
          comparisonOperator: 'GREATER_THAN',
        },
        subscribers: [{ subscriptionType: 'EMAIL', address: alarmEmail }],
      })),
    })
  }
}

interface Alarmed {
  readonly id: string
  readonly metric: IMetric
  readonly threshold: number
  /** Of five minutes each. */
  readonly periods: number
  /** Its heading in docs/runbook.md. */
  readonly article: string
}

/** `predict-cifar10` -> `PredictCifar10`. */
const idOf = (name: string): string => name.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase())

const alarmsOf = (watched: Watched): Alarmed[] => {
  const { service, training } = watched
  const functions = Object.entries(functionsOf(watched))
  const failed = functions.map(([name, { function: each }]) => ({
    id: `${idOf(name)}Errors`,
    metric: each.metricErrors({ period }),
    threshold: 0,
    periods: 1,
    article: 'aws-a-function-fails',
  }))
  const throttled = functions
    .filter(([name]) => name.startsWith('predict'))
    .map(([name, { function: each }]) => ({
      id: name === 'predict' ? 'Throttles' : `${idOf(name)}Throttles`,
      metric: each.metricThrottles({ period }),
      threshold: 0,
      periods: 3,
      article: 'aws-predictions-are-throttled',
    }))
  const { rest } = service.api
  const { machine } = training.workflow
  return [
    ...failed,
    ...throttled,
    {
      id: 'ServerErrors',
      metric: rest.metricServerError({ period }),
      threshold: 5,
      periods: 1,
      article: 'aws-the-api-answers-5xx',
    },
    {
      id: 'Slow',
      metric: rest.metricLatency({ period, statistic: 'p99' }),
      threshold: 10_000,
      periods: 3,
      article: 'aws-predictions-are-slow',
    },
    {
      id: 'JobsFailed',
      metric: machine.metricFailed({ period }),
      threshold: 0,
      periods: 1,
      article: 'aws-a-training-job-failed',
    },
    {
      id: 'JobsTimedOut',
      metric: machine.metricTimedOut({ period }),
      threshold: 0,
      periods: 1,
      article: 'aws-a-training-job-failed',
    },
    {
      id: 'EventsLost',
      metric: training.lost.metricApproximateNumberOfMessagesVisible({ period }),
      threshold: 0,
      periods: 1,
      article: 'aws-job-events-were-lost',
    },
    {
      id: 'PredictionsLost',
      metric: service.later.lost.metricApproximateNumberOfMessagesVisible({ period }),
      threshold: 0,
      periods: 1,
      article: 'aws-predictions-were-lost',
    },
    {
      id: 'ChecksFailed',
      metric: service.check.failed.metricApproximateNumberOfMessagesVisible({ period }),
      threshold: 0,
      periods: 1,
      article: 'aws-imports-could-not-be-checked',
    },
  ]
}
