/** Rights on the object store, by key patterns: what a role may read, write and delete, and no more. */
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam'
import type { Key } from 'aws-cdk-lib/aws-kms'
import type { Bucket } from 'aws-cdk-lib/aws-s3'

export interface Store {
  readonly models: Bucket
  readonly key: Key
}

export interface StoreRights {
  /** Key patterns, such as `models/*`; listing is allowed for the part before the first `*`. */
  readonly read: readonly string[]
  readonly write?: readonly string[]
  readonly delete?: readonly string[]
}

export const allowStore = (role: Role, { models, key }: Store, rights: StoreRights): void => {
  const allow = (actions: string[], patterns: readonly string[]): void => {
    if (patterns.length === 0) return
    role.addToPolicy(new PolicyStatement({ actions, resources: patterns.map((each) => models.arnForObjects(each)) }))
  }
  allow(['s3:GetObject'], rights.read)
  allow(['s3:PutObject', 's3:AbortMultipartUpload'], rights.write ?? [])
  allow(['s3:DeleteObject'], rights.delete ?? [])
  // Without the right to list, S3 says 403 where it should say 404.
  const prefixes = [...new Set(rights.read.map((each) => `${each.split('*')[0]}*`))]
  role.addToPolicy(
    new PolicyStatement({
      actions: ['s3:ListBucket'],
      resources: [models.bucketArn],
      conditions: { StringLike: { 's3:prefix': prefixes } },
    }),
  )
  const keyActions = ['kms:Decrypt', ...((rights.write?.length ?? 0) > 0 ? ['kms:GenerateDataKey'] : [])]
  role.addToPolicy(new PolicyStatement({ actions: keyActions, resources: [key.keyArn] }))
}
