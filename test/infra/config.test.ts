import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Match } from 'aws-cdk-lib/assertions'
import { describe, expect, it } from 'vitest'
import { artifactsOf, readArtifacts } from '../../infra/artifacts.ts'
import { readConfig } from '../../infra/config.ts'
import { synthesize } from './synth.ts'

/** One synthesis for several tests: each takes seconds. */
const watched = {
  monthlyBudget: 20,
  alarmEmail: 'ops@example.org',
  rollback: ['m@production:errors>5', 'm@production:latency>200'],
}

describe('the configuration', () => {
  it('names every wrong setting at once, in the words of cdk.json', () => {
    const wrong = () => readConfig({ stage: 'Prod', memory: 128, training: { cpus: 3 }, nonsense: 1 })
    for (const part of ['cdk.json', 'maas.stage: a stage is 1-20', 'maas.memory', 'maas.training.cpus', 'nonsense']) {
      expect(wrong).toThrow(part)
    }
  })

  it('in cdk.json is right', () => {
    const cdk = JSON.parse(readFileSync('cdk.json', 'utf8'))
    expect(readConfig(cdk.context.maas)).toMatchObject({ stage: 'dev', memory: 2048 })
  })

  it('asks who is to be told of a budget', () => {
    expect(() => synthesize({ monthlyBudget: 20 })).toThrow('alarmEmail')
    const { observability } = synthesize(watched)
    observability.hasResourceProperties('AWS::Budgets::Budget', {
      Budget: Match.objectLike({ BudgetLimit: { Amount: 20, Unit: 'USD' }, TimeUnit: 'MONTHLY', BudgetType: 'COST' }),
      NotificationsWithSubscribers: [80, 100].map((Threshold) => ({
        Notification: Match.objectLike({ Threshold, NotificationType: 'ACTUAL' }),
        Subscribers: [{ SubscriptionType: 'EMAIL', Address: 'ops@example.org' }],
      })),
    })
    synthesize().observability.resourceCountIs('AWS::Budgets::Budget', 0)
    observability.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email' })
  })
})

describe('without what has to be built first', () => {
  it('says which commands build and stage it', () => {
    const repository = mkdtempSync(join(tmpdir(), 'repository-'))
    const commands = 'npm run build:kernels -- --arch arm64 --bundle && npm run stage'
    expect(() => readArtifacts(repository, 'arm64')).toThrow(commands)
    const { layer, root } = artifactsOf(repository, 'arm64')
    for (const folder of [layer, root]) mkdirSync(folder, { recursive: true })
    expect(() => readArtifacts(repository, 'arm64')).toThrow(`Nothing is staged in ${root}. Run: ${commands}`)
    const stage = (stamp: unknown) => writeFileSync(join(root, 'staged.json'), JSON.stringify(stamp))
    stage({ architecture: 'x64', kernels: 'tensorflow-2.21.0-x64' })
    expect(() => readArtifacts(repository, 'arm64')).toThrow('is staged for x64, the configuration says arm64')
    stage({ architecture: 'arm64' })
    expect(() => readArtifacts(repository, 'arm64')).toThrow(
      `staged by another version of this repository. Run: ${commands}`,
    )
    stage({ architecture: 'arm64', kernels: 'tensorflow-2.21.0-arm64' })
    expect(readArtifacts(repository, 'arm64').kernels).toBe('tensorflow-2.21.0-arm64')
  })
})

describe('alarms', () => {
  it('each name an article that the runbook has', () => {
    const runbook = readFileSync('docs/runbook.md', 'utf8')
    const anchors = [...runbook.matchAll(/^## (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\w\s-]/g, '')
        .trim()
        .replace(/\s/g, '-'),
    )
    const alarms = Object.values(synthesize().observability.findResources('AWS::CloudWatch::Alarm'))
    expect(alarms.length).toBeGreaterThan(7)
    for (const { Properties } of alarms) {
      expect(anchors).toContain(Properties.AlarmDescription.replace('docs/runbook.md#', ''))
      expect(Properties.AlarmActions).toHaveLength(1)
    }
  })
})

describe('a rollback rule', () => {
  it('becomes an alarm over all versions of the model, whose event reaches the code that moves aliases', () => {
    const { observability, training } = synthesize(watched)
    const alarmOf = (metric: string, expression: string, Threshold: number) =>
      observability.hasResourceProperties('AWS::CloudWatch::Alarm', {
        AlarmName: `maas-dev/rollback/m@production/${metric}`,
        Threshold,
        TreatMissingData: 'notBreaching',
        ComparisonOperator: 'GreaterThanThreshold',
        AlarmActions: [Match.anyValue()],
        AlarmDescription: 'docs/runbook.md#aws-an-alias-went-back-by-itself',
        Metrics: [
          {
            Id: 'q',
            Period: 300,
            Expression: `SELECT ${expression} FROM SCHEMA("maas/dev", model, service, version) WHERE model = 'm'`,
          },
        ],
      })
    alarmOf('errors', 'SUM(Errors)', 5)
    alarmOf('latency', 'AVG(Latency)', 200)
    const [rule] = Object.values(training.findResources('AWS::Events::Rule')).filter(
      ({ Properties }) => Properties.EventPattern.source[0] === 'aws.cloudwatch',
    )
    expect(rule?.Properties.EventPattern).toMatchObject({ detail: { state: { value: ['ALARM'] } } })
    expect(JSON.stringify(rule?.Properties.EventPattern.resources)).toMatch(/prefix.*:alarm:maas-dev\/rollback\//)
    expect(JSON.stringify(rule?.Properties.Targets)).toContain('EventsFunctionAliaslive')
    expect(rule?.Properties.Targets[0].DeadLetterConfig).toBeDefined()
    expect(() => readConfig({ rollback: ['m:errors>1'] })).toThrow('MODEL@ALIAS:errors>COUNT')
  })
})

describe('the dashboard', () => {
  it('shows requests, latency by model and version, cold starts, errors, throttles, queues, jobs and money', () => {
    const [dashboard] = Object.values(synthesize().observability.findResources('AWS::CloudWatch::Dashboard'))
    const text = JSON.stringify(dashboard?.Properties.DashboardBody)
    for (const title of [
      ...['Requests', 'Latency by model and version', 'Cold starts', 'Errors', 'Throttles'],
      ...['Age of the oldest message', 'Job outcomes', 'Money'],
    ]) {
      expect(text).toContain(`\\"title\\":\\"${title}`)
    }
  })
})
