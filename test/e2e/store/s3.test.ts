/** The S3 store and the registry over it, against moto. */
import { CreateBucketCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { StorageError } from '@maas/core/errors'
import { openStore } from '@maas/core/store'
import { createS3Store } from '@maas/core/store/s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isMotoMissing, type Moto, motoCredentials, startMoto } from '../../support/moto.ts'
import { describeRegistry } from '../../unit/registry/contract.ts'
import { describeObjectStore } from '../../unit/store/contract.ts'

describe.skipIf(isMotoMissing())('S3', () => {
  let moto: Moto
  let client: S3Client
  let config: S3ClientConfig
  let buckets = 0

  beforeAll(async () => {
    moto = await startMoto()
    config = {
      endpoint: moto.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: motoCredentials,
    }
    client = new S3Client(config)
  })
  afterAll(async () => {
    client?.destroy()
    await moto?.stop()
  })

  const newBucket = async (): Promise<string> => {
    const bucket = `maas-${++buckets}`
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
    return bucket
  }

  describeObjectStore('a store of a bucket', async () => createS3Store({ client, bucket: await newBucket() }))
  describeObjectStore('a store below a prefix', async () => {
    const bucket = await newBucket()
    // A neighbour whose keys must not show.
    await createS3Store({ client, bucket, prefix: 'team' }).put('a', Buffer.from('neighbour'))
    return createS3Store({ client, bucket, prefix: '/team-a/maas/' })
  })
  describeRegistry('the registry over S3', async () => createS3Store({ client, bucket: await newBucket() }))

  it('opens the store of an s3:// URI', async () => {
    const bucket = await newBucket()
    const store = await openStore(`s3://${bucket}/below/here`, { s3: config })
    await store.put('a/b', Buffer.from('x'))
    const [object] = (await createS3Store({ client, bucket }).list('')).objects
    expect(object?.key).toBe('below/here/a/b')
  })

  it('names a bucket that does not exist', async () => {
    const store = createS3Store({ client, bucket: 'not-made' })
    for (const call of [() => store.put('a', Buffer.from('x')), () => store.get('a'), () => store.list('')]) {
      const failed = call()
      await expect(failed).rejects.toThrow(StorageError)
      await expect(failed).rejects.toThrow(/bucket not-made does not exist/)
    }
  })

  it('refuses a key that is too long together with its prefix', async () => {
    const store = createS3Store({ client, bucket: 'any', prefix: 'prefix' })
    await expect(store.put(`${'x'.repeat(199)}/`.repeat(5).concat('x'.repeat(20)), Buffer.from('x'))).rejects.toThrow(
      /1024 bytes/,
    )
  })
})
