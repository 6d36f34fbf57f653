/** The outputs of a deployment's stacks. */
import { CloudFormationClient, DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation'
import { UsageError } from '../usage.ts'
import { asking } from './errors.ts'

export interface Deployment {
  /** What its stacks' names begin with, such as `maas-dev`. */
  readonly stack: string
  readonly url: string
  readonly table: string
}

/** `maas-dev`, also for `maas-dev-service` and its sisters. */
export const prefixOf = (stack: string): string => stack.replace(/-(storage|service|training|observability)$/, '')

const describe = async (client: CloudFormationClient, StackName: string): Promise<Stack[]> => {
  try {
    return (await client.send(new DescribeStacksCommand({ StackName }))).Stacks ?? []
  } catch (error) {
    if (/does not exist/.test(String(error))) return []
    throw error
  }
}

export const readDeployment = async (stack: string, client = new CloudFormationClient()): Promise<Deployment> => {
  const prefix = prefixOf(stack)
  const output = async (part: string, key: string): Promise<string> => {
    const StackName = `${prefix}-${part}`
    const Stacks = await asking(() => describe(client, StackName))
    const value = Stacks[0]?.Outputs?.find(({ OutputKey }) => OutputKey === key)?.OutputValue
    if (value !== undefined) return value
    const region = await client.config.region()
    const what = Stacks.length === 0 ? `no stack ${StackName} is in ${region}` : `${StackName} has no output ${key}`
    throw new UsageError(
      '--stack',
      `${what}. Deploy with npx cdk deploy --all, or name what \`npx cdk list\` shows, and its region.`,
    )
  }
  return { stack: prefix, url: await output('service', 'Url'), table: await output('storage', 'KeyTable') }
}
