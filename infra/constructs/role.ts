/** Roles of functions and jobs: what each may do is spelled out, no managed policy hides any of it. */
import { ArnFormat, Stack } from 'aws-cdk-lib'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { Construct } from 'constructs'

/** All log groups of a stage begin alike, so that one role and one key policy can name them before they exist. */
export const logGroupName = (stage: string, name: string): string => `/maas/${stage}/${name}`

export const logGroupPattern = (scope: Construct, stage: string): string =>
  Stack.of(scope).formatArn({
    service: 'logs',
    resource: 'log-group',
    resourceName: logGroupName(stage, '*'),
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })

/** Of training jobs, which callers of SageMaker's API must name: known before the stack that makes it. */
export const jobRoleName = (stage: string): string => `maas-${stage}-train`

export interface RoleProps {
  readonly stage: string
  readonly description: string
  /** @default Lambda */
  readonly service?: string
  /** @default made up by CloudFormation */
  readonly name?: string
}

/** Writes logs of its stage and traces, nothing else. */
export const functionRole = (scope: Construct, id: string, { stage, description, service, name }: RoleProps): Role => {
  const role = new Role(scope, id, {
    ...(name !== undefined && { roleName: name }),
    description,
    assumedBy: new ServicePrincipal(service ?? 'lambda.amazonaws.com'),
  })
  const logs = logGroupPattern(scope, stage)
  role.addToPolicy(new PolicyStatement({ actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logs] }))
  role.addToPolicy(
    new PolicyStatement({ actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], resources: ['*'] }),
  )
  return role
}
