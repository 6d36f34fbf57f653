/** Findings of checkov that stay, each with the reason why. A finding that fits none fails the test; so does a reason without a finding. */

interface Skipped {
  readonly check: string
  /** `Type.LogicalId`. */
  readonly resource: RegExp
  readonly reason: string
}

export const skipped: readonly Skipped[] = [
  {
    check: 'CKV_AWS_26',
    resource: /Topic\.Alarms/,
    reason:
      'Alarms hold names and numbers of metrics; CloudWatch cannot publish to a topic under the key that AWS manages.',
  },
  {
    check: 'CKV_AWS_27',
    resource: /Queue\.(Lost|Later|Check)/,
    reason: 'Encrypted by SQS itself; messages are state changes of jobs, ids and names of objects, never data.',
  },
  {
    check: 'CKV_AWS_115',
    resource: /Function/,
    reason: 'A new account has too little concurrency to reserve any; maas.concurrency limits predictions.',
  },
  {
    check: 'CKV_AWS_116',
    resource: /(Predict|Api|Keys|Stream|Authorizer|Credentials)Function/,
    reason: 'A caller waits for the answer: there is no event that could be lost.',
  },
  {
    check: 'CKV_AWS_116',
    resource: /CheckFunction/,
    reason: 'Its event source is a queue, and that one has a queue for what failed five times.',
  },
  {
    check: 'CKV_AWS_117',
    resource: /Function/,
    reason: 'They talk to AWS alone; a VPC would need NAT or endpoints by the hour and slow cold starts.',
  },
  {
    check: 'CKV_AWS_120',
    resource: /DeploymentStage/,
    reason: 'Predictions are POST requests, and a cache costs by the hour.',
  },
  {
    check: 'CKV_AWS_173',
    resource: /Function/,
    reason:
      'Variables name a bucket, a table and a queue: there is no secret in them, and Lambda encrypts them anyway.',
  },
  {
    check: 'CKV_AWS_18',
    resource: /Bucket\.AccessLogs/,
    reason: 'This bucket holds the access logs of the other; logging its own accesses would never end.',
  },
  {
    check: 'CKV_AWS_21',
    resource: /Bucket\.AccessLogs/,
    reason: 'Logs are written once and expire; nobody replaces them.',
  },
  {
    check: 'CKV_AWS_59',
    resource:
      /Method\.GatewayRest(GET|healthzGET|docsGET|openapijsonGET|playgroundassetGET|v2GET|v2health(live|ready)GET)/,
    reason: 'Health, documents and the page’s own files are open on purpose, hold nothing private, and are throttled.',
  },
]
