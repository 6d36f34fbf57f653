/** Findings of cdk-nag that stay, each with the reason why. A finding that fits none fails the test; so does a reason without a finding. */

interface Acknowledged {
  readonly rule: RegExp
  /** Construct paths. */
  readonly path: RegExp
  readonly reason: string
}

export const acknowledged: readonly Acknowledged[] = [
  {
    rule: /^AwsSolutions-IAM5\[Resource::.*log-group:\/maas\/dev\/\*\]$/,
    path: /Role\/DefaultPolicy/,
    reason: 'A role is made before its log group; all groups of a stage share the prefix, and the right is to append.',
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::\*\]$/,
    path: /(Role|Machine\/Role)\/DefaultPolicy/,
    reason: 'X-Ray, ecr:GetAuthorizationToken, batch:DescribeJobs and log delivery know no resources to name.',
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::.*Models.*\/(models|blobs|gc|jobs|predictions|imports|verifications|datasets|uploads|checkpoints|transforms)\/.*\]$/,
    path: /(RegistryRole|PredictRole|CheckRole|CredentialsRole|WriterRole|TransformRole)\/DefaultPolicy/,
    reason: 'Keys below a prefix are made at run time; each role has only the prefixes of its job.',
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::.*:(execution:<WorkflowMachine.*>:\*|job\/\*)\]$/,
    path: /MayRunJobs/,
    reason:
      'Executions are named after jobs, which come at run time; Batch makes up the ids of its jobs, and the right is to end one.',
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::.*job-definition\/maas-dev-train\*\]$/,
    path: /Workflow\/Machine\/Role/,
    reason: 'All revisions of the one job definition, so that a deployment does not cut off running workflows.',
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::.*job-definition\/maas-dev-transform\*\]$/,
    path: /MayRunJobs/,
    reason: 'All revisions of the one job definition: a job asks for it by name, and Batch takes the newest.',
  },
  {
    rule: /^AwsSolutions-APIG3$/,
    path: /DeploymentStage/,
    reason: 'The firewall costs from 6 dollars a month, so it is a choice: maas.waf in cdk.json.',
  },
  {
    rule: /^AwsSolutions-APIG4$/,
    path: /Default\/((healthz|docs|openapi\.json|playground\/.*|v2(\/health\/\w+)?)\/)?GET/,
    reason: 'Health, documents and the page’s own files are open on purpose, hold nothing private, and are throttled.',
  },
  {
    rule: /^AwsSolutions-COG4$/,
    path: /Gateway\/Rest\/Default\//,
    reason: 'Callers are programs with API keys, not people with Cognito accounts; a Lambda authorizer checks them.',
  },
  {
    rule: /^Serverless-LambdaEventSourceMappingDestination$/,
    path: /(Predict\/Function\/Aliaslive\/SqsEventSource|Check\/Source)/,
    reason: 'What failed every time goes to the dead-letter queue of the queue itself, which an alarm watches.',
  },
  {
    rule: /^AwsSolutions-IAM4\[.*AmazonAPIGatewayPushToCloudWatchLogs\]$/,
    path: /CloudWatchRole/,
    reason: 'The account-wide role that API Gateway itself asks for, with the policy AWS wrote for it.',
  },
  {
    rule: /^AwsSolutions-VPC7$/,
    path: /Network\/Vpc/,
    reason: 'Nothing listens in this VPC and its only traffic is HTTPS to AWS; flow logs would be its largest cost.',
  },
  {
    rule: /^(AwsSolutions-SQS3|Serverless-SQSRedrivePolicy)$/,
    path: /((training|service\/Later)\/Lost|service\/Check\/Failed)/,
    reason: 'This queue is the dead-letter queue of the others; an alarm watches it.',
  },
  {
    rule: /^Serverless-LambdaDLQ$/,
    path: /(service\/(Predict|Api|Keys|Stream|Authorizer)|training\/Credentials)\//,
    reason: 'A caller waits for the answer: there is no event that could be lost.',
  },
  {
    rule: /^Serverless-LambdaDLQ$/,
    path: /service\/Check\//,
    reason: 'Its events come from a queue, which has a dead-letter queue of its own.',
  },
]
