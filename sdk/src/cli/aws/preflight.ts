/** `maas doctor --aws`: whether this machine and this account can deploy, and the fix for what cannot. */
import { spawnSync } from 'node:child_process'
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { GetServiceQuotaCommand, ServiceQuotasClient } from '@aws-sdk/client-service-quotas'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { explainAws } from './errors.ts'

export interface Finding {
  readonly level: 'ok' | 'warn' | 'error'
  readonly what: string
  readonly fix?: string
}

export interface PreflightDeps {
  /** Exit code of a program; undefined when there is none of this name. */
  readonly run: (program: string, args: readonly string[]) => number | undefined
  readonly env: NodeJS.ProcessEnv
}

const runProgram: PreflightDeps['run'] = (program, args) =>
  spawnSync(program, args, { stdio: 'ignore', timeout: 20_000 }).status ?? undefined

/** The CDK's own minimum for what is deployed here. */
const OLDEST_BOOTSTRAP = 21

/** What a default configuration wants at least, by quota. */
const quotas = [
  {
    service: 'lambda',
    code: 'L-B99A9384',
    name: 'Lambda concurrent executions',
    least: 10,
    comfortable: 100,
    use: 'every call at once takes one, and one more for its key',
  },
  {
    service: 'fargate',
    code: 'L-3032A538',
    name: 'Fargate on-demand vCPUs',
    least: 4,
    comfortable: 4,
    use: 'training.cpus of one job',
  },
  {
    service: 'fargate',
    code: 'L-36FBB829',
    name: 'Fargate Spot vCPUs',
    least: 4,
    comfortable: 12,
    use: 'training.maxCpus * training.spotShare',
  },
] as const

const judge = async (what: string, ask: () => Promise<Finding>, fix: string): Promise<Finding> => {
  try {
    return await ask()
  } catch (error) {
    return { level: 'error', what: `${what}: ${explainAws(error)}`, fix }
  }
}

const checkDocker = ({ run, env }: PreflightDeps): Finding => {
  const program = env.CDK_DOCKER || 'docker'
  const code = run(program, ['info'])
  if (code === 0) return { level: 'ok', what: `${program} answers` }
  const what =
    code === undefined ? `${program} is not installed` : `${program} is installed, but its daemon does not answer`
  return {
    level: 'error',
    what: `${what}; two images are built at deployment`,
    fix: 'Install or start it, or name another program in CDK_DOCKER (synthesis needs none).',
  }
}

/** Credentials first: without them nothing else can be asked. */
export const preflight = async (deps: PreflightDeps = { run: runProgram, env: process.env }): Promise<Finding[]> => {
  const docker = checkDocker(deps)
  const identity = await judge(
    'AWS credentials',
    async () => {
      const sts = new STSClient()
      const { Account, Arn } = await sts.send(new GetCallerIdentityCommand())
      return { level: 'ok', what: `account ${Account}, region ${await sts.config.region()}, as ${Arn}` }
    },
    'Run `aws configure` or `aws sso login`, and set AWS_REGION.',
  )
  if (identity.level === 'error') return [docker, identity]
  return [docker, identity, await checkBootstrap(), ...(await Promise.all(quotas.map(checkQuota)))]
}

const checkBootstrap = (): Promise<Finding> =>
  judge(
    'CDK bootstrap',
    async () => {
      const { Stacks = [] } = await new CloudFormationClient().send(
        new DescribeStacksCommand({ StackName: 'CDKToolkit' }),
      )
      const version = Stacks[0]?.Outputs?.find(({ OutputKey }) => OutputKey === 'BootstrapVersion')?.OutputValue
      if (Number(version) >= OLDEST_BOOTSTRAP) return { level: 'ok', what: `CDK bootstrap, version ${version}` }
      return {
        level: 'error',
        what: `CDK bootstrap is version ${version ?? 'unknown'}, ${OLDEST_BOOTSTRAP} is needed`,
        fix: 'npx cdk bootstrap',
      }
    },
    'npx cdk bootstrap',
  )

const checkQuota = ({ service, code, name, least, comfortable, use }: (typeof quotas)[number]): Promise<Finding> =>
  judge(
    `Quota ${name}`,
    async () => {
      const { Quota } = await new ServiceQuotasClient().send(
        new GetServiceQuotaCommand({ ServiceCode: service, QuotaCode: code }),
      )
      const value = Quota?.Value ?? 0
      const what = `${name}: ${value} (${use})`
      if (value >= comfortable) return { level: 'ok', what }
      const fix = `Ask for more: aws service-quotas request-service-quota-increase --service-code ${service} --quota-code ${code} --desired-value ${comfortable}`
      return { level: value >= least ? 'warn' : 'error', what, fix }
    },
    `Allow servicequotas:GetServiceQuota, or look under Service Quotas for ${code}.`,
  )
