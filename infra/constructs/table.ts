/** Rights on the table of keys: who may see a key, and who may only count. */

import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam'
import type { Key } from 'aws-cdk-lib/aws-kms'

export interface KeyTable {
  readonly table: Table
  readonly key: Key
}

/** `key#…` and `use#…` as `layers/core/keys` writes them. */
const leading = (prefix: 'key' | 'use') => ({
  'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [`${prefix}#*`] },
})

const allow = (role: Role, { table, key }: KeyTable, verbs: string[], only?: 'key' | 'use'): void => {
  role.addToPolicy(
    new PolicyStatement({
      actions: verbs.map((verb) => `dynamodb:${verb}`),
      resources: [table.tableArn],
      ...(only && { conditions: leading(only) }),
    }),
  )
  const cryptography = verbs.includes('PutItem')
    ? ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey']
    : ['kms:Decrypt']
  role.addToPolicy(new PolicyStatement({ actions: cryptography, resources: [key.keyArn] }))
}

/** Counts what keys use; no key can be read or changed. */
export const allowCounting = (role: Role, table: KeyTable): void => allow(role, table, ['GetItem', 'PutItem'], 'use')

/** Looks one key up; none can be changed, and none listed. */
export const allowLookup = (role: Role, table: KeyTable): void => allow(role, table, ['GetItem'], 'key')

/** Makes, lists and revokes keys. */
export const allowManaging = (role: Role, table: KeyTable): void =>
  allow(role, table, ['GetItem', 'PutItem', 'DeleteItem', 'Scan'])
