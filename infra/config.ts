/** What an operator may decide about a deployment: the `maas` object in cdk.json's context, checked before anything is synthesized. */
import { modelNameSchema, rollbackRulesSchema } from '@maas/core/contract'
import * as z from 'zod'

const throttle = (rate: number, burst: number, quota: number) =>
  z
    .strictObject({
      /** Requests a second, sustained. */
      rate: z.number().positive().default(rate),
      /** Requests at once. */
      burst: z.number().int().positive().default(burst),
      /** Requests a day. */
      quota: z.number().int().positive().default(quota),
    })
    .prefault({})

const predictMemory = z.number().int().min(1024).max(10_240).default(2048)

const vpcSchema = z.discriminatedUnion('kind', [
  /** Public subnets that take no incoming connection, and the free S3 gateway endpoint: idle costs nothing. */
  z.strictObject({ kind: z.literal('own') }),
  /** An existing VPC; its subnets must reach S3, ECR, CloudWatch Logs and Lambda. */
  z.strictObject({
    kind: z.literal('given'),
    vpcId: z.string().regex(/^vpc-[0-9a-f]+$/, 'a VPC id looks like vpc-0123abcd'),
    subnetIds: z.array(z.string().regex(/^subnet-[0-9a-f]+$/, 'a subnet id looks like subnet-0123abcd')).min(1),
    /** Whether jobs get public addresses; false for subnets that reach AWS by NAT or interface endpoints. */
    publicIp: z.boolean().default(false),
  }),
  /** Subnets of our own with no way to the internet, and interface endpoints to what jobs need; paid for by the hour: docs/cost.md. */
  z.strictObject({
    kind: z.literal('private'),
    /** Availability zones; each has its own endpoints, at their own price. */
    zones: z.number().int().min(1).max(3).default(2),
  }),
])

/** A model that gets a function of its own, so that no other model takes its memory, its warm processes or its share of calls. */
const dedicatedSchema = z.strictObject({
  /** MB. */
  memory: predictMemory,
  provisionedConcurrency: z.number().int().min(0).max(100).default(0),
  concurrency: z.number().int().min(1).max(1000).optional(),
})

const domainSchema = z.strictObject({
  /** Such as `models.example.org`. */
  name: z
    .string()
    .regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/, 'a domain looks like models.example.org'),
  /** Of a certificate in the deployment's region that covers the name. */
  certificateArn: z
    .string()
    .regex(/^arn:aws[\w-]*:acm:[\w-]+:\d{12}:certificate\/[\w-]+$/, 'not the ARN of an ACM certificate'),
  /** The zone that gets the record; absent: the output DomainTarget says what to enter elsewhere. */
  hostedZone: z
    .strictObject({ id: z.string().regex(/^Z[A-Z0-9]+$/, 'a zone id looks like Z0123ABC'), name: z.string().min(1) })
    .optional(),
})

/** Virtual CPUs of each kind of capacity. */
export const capacityOf = ({ maxCpus, spotShare }: { readonly maxCpus: number; readonly spotShare: number }) => {
  const spot = Math.round(maxCpus * spotShare)
  return { spot, onDemand: maxCpus - spot }
}

export const configSchema = z.strictObject({
  /** Part of every stack's name. */
  stage: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,19}$/, 'a stage is 1-20 of a-z, 0-9 and -, starting with a letter')
    .default('dev'),
  /** Of images and functions; arm64 is cheaper, and its images are built on x64 too. */
  architecture: z.enum(['arm64', 'x64']).default('x64'),
  /** Of the predict function, MB; new accounts allow at most 3,008. */
  memory: predictMemory,
  /** Predict functions kept warm; each is paid for by the hour. */
  provisionedConcurrency: z.number().int().min(0).max(100).default(0),
  /** Most predictions at once; absent: the account's limit. New accounts have too little to reserve any. */
  concurrency: z.number().int().min(1).max(1000).optional(),
  /** Models with a predict function of their own, by name; at most eight, because each doubles routes. */
  dedicated: z
    .record(modelNameSchema, dedicatedSchema.prefault({}))
    .refine((models) => Object.keys(models).length <= 8, 'at most 8 models can have a function of their own')
    .default({}),
  training: z
    .strictObject({
      /** Share of `maxCpus` on Spot, which is tried first; the rest is on demand. 0: no Spot, 1: nothing else. */
      spotShare: z.number().min(0).max(1).default(0.75),
      /** Virtual CPUs that all jobs together may use. */
      maxCpus: z.number().int().min(1).max(256).default(16),
      /** Of one job. */
      cpus: z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8), z.literal(16)]).default(4),
      /** Of one job, MB; Fargate takes 2-8 GB for each virtual CPU. */
      memory: z.number().int().min(2048).max(122_880).default(16_384),
      /** Disk of one job, GB. */
      disk: z.number().int().min(21).max(200).default(50),
      /** After which an attempt is ended. */
      maxHours: z.number().int().min(1).max(672).default(24),
    })
    .refine(({ cpus, ...rest }) => Object.values(capacityOf(rest)).every((most) => most === 0 || most >= cpus), {
      path: ['spotShare'],
      message: 'each share of maxCpus must be nothing or large enough for one job (cpus)',
    })
    .prefault({}),
  vpc: vpcSchema.default({ kind: 'own' }),
  /** Limits of all keys with the data right together, and of all with the control right. */
  plans: z.strictObject({ data: throttle(50, 100, 1_000_000), control: throttle(10, 20, 50_000) }).prefault({}),
  /** Origins that browsers may call from; empty turns CORS off. */
  corsOrigins: z.array(z.url().or(z.literal('*'))).default([]),
  /** Days that job documents, candidates and logs are kept. */
  keepDays: z.number().int().min(14).max(3650).default(90),
  /** Receives alarms and budget notices. */
  alarmEmail: z.email().optional(),
  /** US dollars a month; a notice is sent at 80 % and at 100 %. Needs `alarmEmail`. */
  monthlyBudget: z.number().positive().optional(),
  /** A web application firewall in front of the API, from 6 US dollars a month. */
  waf: z.boolean().default(false),
  /** Moves that are taken back when an alarm rings, such as `cifar10@production:errors>5`: see docs/protocols.md. */
  rollback: rollbackRulesSchema.default([]),
  /** Whether asynchronous predictions may call webhooks: generates the secret that signs them, 40 US cents a month. */
  webhooks: z.boolean().default(false),
  /** A name of your own for the API. */
  domain: domainSchema.optional(),
})
export type Config = z.infer<typeof configSchema>

/** Plain errors, because nobody catches them: the CDK prints the message and stops. */
export const readConfig = (context: unknown): Config => {
  const result = configSchema.safeParse(context ?? {})
  if (result.success) return result.data
  const problems = result.error.issues.map(({ path, message }) => `  ${['maas', ...path].join('.')}: ${message}`)
  throw new Error(`cdk.json, context "maas" is not right:\n${problems.join('\n')}`)
}
