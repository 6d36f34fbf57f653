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
}

/** Of a container; may do nothing yet. */
export const taskRole = (scope: Construct, id: string, props: { description: string; roleName?: string }): Role =>
  new Role(scope, id, { ...props, assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com') })

export const allowLogs = (role: Role, stage: string): void => {
  const resources = [logGroupPattern(role, stage)]
  role.addToPolicy(new PolicyStatement({ actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources }))
}

/** Of a Lambda: writes logs of its stage and traces, nothing else. */
export const functionRole = (scope: Construct, id: string, { stage, description }: RoleProps): Role => {
  const role = new Role(scope, id, { description, assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
  allowLogs(role, stage)
  role.addToPolicy(
    new PolicyStatement({ actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], resources: ['*'] }),
  )
  return role
}
