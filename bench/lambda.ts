/** The predict function as it is deployed, bundled, under Lambda's runtime protocol, with its model in S3 (moto). */
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { findNative } from '@maas/core/kernels/find'
import { createFileStore, objectsBelow, openStore } from '@maas/core/store'
import { bundle, repository } from '../infra/bundle.ts'
import { proxyEvent } from '../test/support/lambda-events.ts'
import { findMoto, motoCredentials, motoEnvironment, startMoto } from '../test/support/moto.ts'
import { startFunction } from '../test/support/runtime-api.ts'
import { findTools } from '../test/tools/sets.mjs'
import { type Bench, Unavailable } from './types.ts'

const bucket = 'bench'
const region = 'eu-west-1'

/** Where the time of one cold start went, milliseconds, by the function's own account. */
export type Split = Readonly<Record<'runtime' | 'kernels' | 'download' | 'load' | 'first_run', number>>

export interface ColdStart {
  readonly milliseconds: number
  readonly outputs: readonly number[]
  readonly split?: Split
}

export interface Cloud {
  /** Signed, for peers that read it without a client of AWS. */
  readonly modelUrl: string
  /** A process of its own, from its start to the answer of its first event. */
  coldStart(rows: readonly unknown[]): Promise<ColdStart>
  close(): Promise<void>
}

interface Answer {
  readonly statusCode: number
  readonly body: string
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>
  readonly headers?: Readonly<Record<string, string>>
}

/** With the bench's model as a version and as a file. @throws Unavailable */
export const openCloud = async (bench: Bench): Promise<Cloud> => {
  process.env.MAAS_TEST_TOOLS ??= findTools('base')
  if (findMoto() === undefined) throw new Unavailable('moto is not installed: node test/tools/install.mjs')
  const { found, reason } = await findNative(process.env)
  if (found === undefined) throw new Unavailable(`no native kernels: ${reason}`)
  const moto = await startMoto()
  const directory = mkdtempSync(join(tmpdir(), 'maas-bench-lambda-'))
  const env = {
    ...motoEnvironment(moto.endpoint, region, bucket),
    MAAS_KERNELS: found.directory,
  }
  Object.assign(process.env, env)
  const modelUrl = await fill(bench, moto.endpoint)
  symlinkSync(join(repository, 'node_modules'), join(directory, 'node_modules'))
  await bundle('functions/predict/handler.ts', join(directory, 'predict.mjs'))
  return {
    modelUrl,
    coldStart: async (rows) => {
      const headers = { 'content-type': 'application/json' }
      const event = proxyEvent('POST', '/v1/models/bench:predict', {
        headers,
        body: JSON.stringify({ instances: rows }),
      })
      const started = performance.now()
      const running = await startFunction({ directory, handler: 'predict.handler', env })
      try {
        const answer = (await running.invoke(event)) as Answer
        const milliseconds = performance.now() - started
        if (answer.statusCode !== 200) throw new Error(`predict answered ${answer.statusCode}: ${answer.body}`)
        const timing = answer.headers?.['server-timing'] ?? answer.multiValueHeaders?.['server-timing']?.[0] ?? ''
        return { milliseconds, outputs: JSON.parse(answer.body).predictions.flat(), split: splitOf(timing) }
      } finally {
        await running.stop()
      }
    },
    close: async () => {
      await moto.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** The model's address as a file, signed for an hour. */
const fill = async (bench: Bench, endpoint: string): Promise<string> => {
  const s3 = new S3Client({ endpoint, region, credentials: motoCredentials, forcePathStyle: true })
  const CreateBucketConfiguration = { LocationConstraint: region } as const
  await s3.send(new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration }))
  const to = await openStore(`s3://${bucket}`)
  const from = createFileStore(join(await bench.registry(), 'store'))
  for (const prefix of ['blobs/', 'models/'])
    for await (const { key } of objectsBelow(from, prefix)) await to.put(key, (await from.get(key)).body)
  const Key = 'model.keras'
  await to.put(Key, await readFile(join(await bench.fixtures(), Key)))
  return getSignedUrl(s3, new GetObjectCommand({ Bucket: bucket, Key }), { expiresIn: 3600 })
}

const splitOf = (timing: string): Split => {
  const of = (stage: string) => Number(new RegExp(`\\b${stage};dur=([\\d.]+)`).exec(timing)?.[1] ?? Number.NaN)
  return {
    runtime: of('runtime'),
    kernels: of('kernels'),
    download: of('download'),
    load: of('load'),
    first_run: of('first_run'),
  }
}
