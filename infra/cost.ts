/** What a configuration costs, from the prices of the contract: what stands still, and what use adds. */
import { fargateHour, hoursOfMonth, prices } from '@maas/core/contract'
import type { z } from 'zod'
import { type Config, capacityOf, configSchema } from './config.ts'
import { interfaceEndpoints } from './constructs/network.ts'

/** US dollars for a month, by what they are for. */
export type Bill = Readonly<Record<string, number>>

export interface Use {
  /** Predictions a month, one request each. */
  readonly predictions: number
  /** Of one prediction, milliseconds. */
  readonly milliseconds: number
  /** Training jobs a month, and hours of each. */
  readonly jobs: number
  readonly jobHours: number
  /** GB of models and data. */
  readonly storedGigabytes: number
}

export const idle: Use = { predictions: 0, milliseconds: 0, jobs: 0, jobHours: 0, storedGigabytes: 0 }

/** Both images as they are pushed: measured by `npm run test:images`, rounded up. */
const IMAGE_GIGABYTES = 2
/** What one request writes into logs: access, request, metric. */
const LOG_BYTES = 1500
/** Between looks at a job, see the workflow: two transitions each half minute. */
const TRANSITIONS_OF_HOUR = 240
/** API Gateway remembers the authorizer's answer for a minute; at most one call in so many asks. */
const AUTHORIZER_SECONDS = 60

const sum = (bill: Bill): number => Object.values(bill).reduce((total, each) => total + each, 0)

/** What is paid for although nobody calls. */
export const standing = (config: Config, alarms: number): Bill => {
  const warm = [config, ...Object.values(config.dedicated)].reduce(
    (total, { memory, provisionedConcurrency }) => total + (memory / 1024) * provisionedConcurrency,
    0,
  )
  const endpoints = config.vpc.kind === 'private' ? Object.keys(interfaceEndpoints).length * config.vpc.zones : 0
  return {
    'KMS key': prices.kmsKeyMonth,
    Images: IMAGE_GIGABYTES * prices.ecrGigabyteMonth,
    Alarms: (alarms + config.rollback.length) * prices.cloudwatch.alarmMonth,
    Dashboard: prices.cloudwatch.dashboardMonth,
    'Warm functions': warm * prices.lambda[config.architecture].warmGigabyteSecond * hoursOfMonth * 3600,
    'Interface endpoints': endpoints * prices.interfaceEndpointHour * hoursOfMonth,
    'Webhook secret': config.webhooks ? prices.secretMonth : 0,
    // A list with three rules.
    Firewall: config.waf ? prices.waf.listMonth + 3 * prices.waf.ruleMonth : 0,
  }
}

/** What this use adds. */
export const usage = (config: Config, use: Use): Bill => {
  const millions = use.predictions / 1e6
  const { architecture, training, vpc } = config
  const gigabyteSeconds = use.predictions * (use.milliseconds / 1000) * (config.memory / 1024)
  const { spot } = capacityOf(training)
  const size = { cpus: training.cpus, memory: training.memory / 1024, disk: training.disk }
  const jobHours = use.jobs * use.jobHours
  const address = vpc.kind === 'own' ? jobHours * prices.publicAddressHour : 0
  // Evenly over the month, a lookup a minute at most; its function runs 20 ms at 256 MB.
  const lookups = Math.min(use.predictions, (hoursOfMonth * 3600) / AUTHORIZER_SECONDS)
  const { millionRequests } = prices.lambda
  const lambda = prices.lambda[architecture]
  return {
    'API Gateway': millions * prices.apiGatewayMillionRequests,
    Predictions: gigabyteSeconds * lambda.gigabyteSecond + millions * millionRequests,
    'Key lookups':
      (lookups / 1e6) * (millionRequests + prices.dynamoMillionReads) + lookups * 0.02 * 0.25 * lambda.gigabyteSecond,
    'Logs and metrics':
      ((use.predictions * LOG_BYTES) / 1e9) * prices.cloudwatch.logGigabyte +
      (use.predictions > 0 ? 2 * prices.cloudwatch.metricMonth : 0),
    Training: jobHours * fargateHour(size, { architecture, spot: spot > 0 }) + address,
    Workflow: ((jobHours * TRANSITIONS_OF_HOUR) / 1000) * prices.stepFunctionsThousandTransitions,
    Firewall: config.waf ? millions * prices.waf.millionRequests : 0,
    Storage: use.storedGigabytes * prices.s3.gigabyteMonth,
  }
}

interface Example {
  readonly title: string
  readonly config: z.input<typeof configSchema>
  readonly use: Use
}

const day = { predictions: 3_000_000, milliseconds: 12, jobs: 20, jobHours: 0.5, storedGigabytes: 20 }

export const examples: readonly Example[] = [
  { title: 'Deployed, nobody calls', config: {}, use: idle },
  {
    title: 'A small team: 100,000 predictions of 12 ms, 4 jobs of half an hour',
    config: {},
    use: { ...day, predictions: 100_000, jobs: 4, storedGigabytes: 5 },
  },
  { title: 'A product: 3 million predictions of 12 ms, 20 jobs of half an hour', config: {}, use: day },
  { title: 'The same on Graviton', config: { architecture: 'arm64' }, use: day },
  { title: 'The same, two functions kept warm', config: { provisionedConcurrency: 2 }, use: day },
  { title: 'The same, jobs without internet', config: { vpc: { kind: 'private' } }, use: day },
  {
    title: 'The same, one job on demand at a time, firewall',
    config: { training: { spotShare: 0 }, waf: true },
    use: day,
  },
]

const money = (dollars: number): string => dollars.toFixed(2)

/** Alarms of a stack with no dedicated function, as a test counts them. */
export const DEFAULT_ALARMS = 16

export const costPage = (): string => {
  const rows = examples.map(({ title, config, use }) => {
    const checked = configSchema.parse(config)
    const bills = [standing(checked, DEFAULT_ALARMS), usage(checked, use)] as const
    return { title, config, bills, total: sum(bills[0]) + sum(bills[1]) }
  })
  const table = rows.map(({ title, config, bills: [still, used], total }) => {
    const settings = Object.keys(config).length === 0 ? 'defaults' : `\`${JSON.stringify(config)}\``
    return `| ${title} | ${settings} | ${money(sum(still))} | ${money(sum(used))} | **${money(total)}** |`
  })
  const [, , product] = rows
  const parts = Object.entries({ ...product?.bills[1], ...product?.bills[0] }).filter(([, dollars]) => dollars >= 0.005)
  const endpoints = standing(configSchema.parse({ vpc: { kind: 'private' } }), 0)['Interface endpoints'] ?? 0
  const warm = standing(configSchema.parse({ provisionedConcurrency: 1 }), 0)['Warm functions'] ?? 0
  return `# Cost

Written by \`npm run docs\` from \`infra/cost.ts\` and the prices in \`layers/core/contract/prices.ts\`; do not edit. US dollars a month at list prices of us-east-1,
first tier, without free tiers, taxes and traffic to the internet. Other regions differ; nobody compared this with a bill.

| what | settings of \`cdk.json\` | standing | by use | together |
|---|---|---:|---:|---:|
${table.join('\n')}

## Nothing waits by the hour
By default there is no NAT, no interface endpoint, no firewall and no warm function: what stands still is a key, the images in ECR, ${DEFAULT_ALARMS} alarms and a dashboard
(the first ten alarms and three dashboards of an account are free). What costs by the hour is asked for:

| setting | a month |
|---|---:|
| \`"provisionedConcurrency": 1\` at ${configSchema.parse({}).memory} MB | ${money(warm)} |
| \`"vpc": { "kind": "private" }\`: ${Object.keys(interfaceEndpoints).length} interface endpoints in 2 zones | ${money(endpoints)} |
| the same in one zone, \`"zones": 1\` | ${money(endpoints / 2)} |
| \`"webhooks": true\`: one secret | ${money(prices.secretMonth)} |
| \`"waf": true\` | ${money(prices.waf.listMonth + 3 * prices.waf.ruleMonth)} |

## The product, part by part
| part | a month |
|---|---:|
${parts.map(([part, dollars]) => `| ${part} | ${money(dollars)} |`).join('\n')}

A job of the default size (4 vCPU, 16 GB, 50 GB of disk) costs ${money(fargateHour({ cpus: 4, memory: 16, disk: 50 }, { architecture: 'x64', spot: false }))} an hour on demand; Spot is counted at ${prices.fargate.spotShare * 100} % of that, which is usual and not promised.
Every pair of model and version that answers adds two CloudWatch metrics (${money(2 * prices.cloudwatch.metricMonth)} in a month in which it answered); names that callers make up add none.

## Keeping it down
- \`monthlyBudget\` with \`alarmEmail\` writes at 80 % and 100 %; usage plans cap requests a day, \`training.maxCpus\` caps jobs, \`concurrency\` caps predictions.
- The dashboard's "Money" shows the same list prices as they are spent, in five-minute steps.
- Old uploads, checkpoints and jobs expire (\`keepDays\`); replaced objects are kept for 30 days, which is what restoring needs.
`
}
