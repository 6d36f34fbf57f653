/** What is deployed, run as processes against moto: the container's program trains, the events function registers, the predict function answers. */
import { spawn } from 'node:child_process'
import { mkdtempSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundle, repository } from '../../../infra/bundle.ts'
import { searchKernels } from '../../../layers/core/kernels/native.ts'
import { proxyEvent } from '../../support/lambda-events.ts'
import { isMotoMissing, type Moto, startMoto } from '../../support/moto.ts'
import { job, pointsJob, pointsTable } from '../../support/points.ts'
import { type FunctionProcess, runtimeClient, startFunction } from '../../support/runtime-api.ts'

const bucket = 'models'
const document = pointsJob(bucket, {
  ...{ epochs: '30', maas_alias: 'production', maas_gate: 'test_accuracy>=0.8' },
})

const kernels = await searchKernels()
if (kernels.found === undefined) console.warn(`SKIPPED: native kernels: ${kernels.reason}; npm run build:kernels`)

interface Answer {
  readonly statusCode: number
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>
}

describe.skipIf(isMotoMissing() || kernels.found === undefined)('the deployed programs', () => {
  let moto: Moto
  let s3: S3Client
  let env: Record<string, string>
  const directory = mkdtempSync(join(tmpdir(), 'deployed-'))
  const started: FunctionProcess[] = []

  beforeAll(async () => {
    moto = await startMoto()
    env = {
      ...{ AWS_ENDPOINT_URL: moto.endpoint, AWS_REGION: 'eu-west-1', MAAS_STORE: `s3://${bucket}`, MAAS_TABLE: 'keys' },
      // A bundle has no recipe beside it, so it looks in /opt, where images and layers have their kernels.
      MAAS_KERNELS: kernels.found?.directory ?? '',
      ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    }
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
    s3 = new S3Client({ endpoint: moto.endpoint, region: 'eu-west-1', credentials, forcePathStyle: true })
    const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' } as const
    await s3.send(new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration }))
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'datasets/points.csv', Body: pointsTable() }))
    await s3.send(
      new PutObjectCommand({ Bucket: bucket, Key: `jobs/${job}/spec.json`, Body: JSON.stringify(document) }),
    )
    symlinkSync(join(repository, 'node_modules'), join(directory, 'node_modules'))
    for (const [entry, name] of [
      ['functions/train/batch.ts', 'batch'],
      ['functions/train/main.ts', 'main'],
      ['functions/events/handler.ts', 'events'],
      ['functions/api/handler.ts', 'api'],
      ['functions/predict/handler.ts', 'predict'],
    ] as const) {
      await bundle(entry, join(directory, `${name}.mjs`))
    }
    if (!runtimeClient().isReal) {
      console.warn('aws-lambda-ric was not built here (MAAS_LAMBDA_RIC): a client of the same protocol takes its place')
    }
  })

  afterAll(async () => {
    await Promise.all(started.map((each) => each.stop()))
    await moto?.stop()
  })

  const start = async (name: string): Promise<FunctionProcess> => {
    const made = await startFunction({ directory, handler: `${name}.handler`, env })
    started.push(made)
    return made
  }

  const runContainer = (): Promise<{ code: number | null; output: string }> =>
    new Promise((resolve, reject) => {
      const base = mkdtempSync(join(tmpdir(), 'ml-'))
      const child = spawn(process.execPath, [join(directory, 'batch.mjs'), 'train'], {
        env: { ...process.env, ...env, TRAINING_JOB_NAME: job, SAGEMAKER_BASE_DIR: base, AWS_BATCH_JOB_ATTEMPT: '1' },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let output = ''
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk))
      child.once('error', reject)
      child.once('close', (code) => resolve({ code, output }))
    })

  it('train a job from S3 and leave a whole candidate there', async () => {
    const { code, output } = await runContainer()
    expect(output).not.toContain('WASM')
    expect(output).toContain('"event":"end"')
    expect(code).toBe(0)
    const complete = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: `jobs/${job}/candidate.json` }))
    expect(JSON.parse((await complete.Body?.transformToString()) ?? '').files).toContain('weights.bin')
  })

  it('register it once, however often that is asked, and move the alias when the gate lets it', async () => {
    const events = await start('events')
    const finished = await events.invoke({ task: 'finish', job })
    expect(finished).toMatchObject({ model: 'points', version: 1, passed: true, alias: 'production' })
    expect(await events.invoke({ task: 'finish', job })).toMatchObject({ version: 1 })
    await expect(events.invoke({ task: 'finish', job: 'ghost' })).rejects.toThrow('jobs/ghost/spec.json')
  })

  it('list it on the control plane', async () => {
    const answer = (await (await start('api')).invoke(proxyEvent('GET', '/models'))) as Answer
    expect(JSON.parse(answer.body)).toMatchObject({ models: [{ name: 'points', versions: [1] }] })
  })

  it('answer an API Gateway event with the right label, and say where the time went', async () => {
    const predict = await start('predict')
    const body = JSON.stringify({
      examples: [
        { a: 2, b: 2 },
        { a: -2, b: -2 },
      ],
    })
    const event = proxyEvent('POST', '/v1/models/points/labels/production:classify', {
      ...{ body, headers: { 'content-type': 'application/json' } },
    })
    const first = (await predict.invoke(event)) as Answer
    expect(first.statusCode, predict.output()).toBe(200)
    const best = (results: [string, number][]) => results.toSorted((a, b) => b[1] - a[1])[0]?.[0]
    expect(JSON.parse(first.body).results.map(best)).toEqual(['above', 'below'])
    const headers = JSON.stringify({ ...first.headers, ...first.multiValueHeaders })
    expect(headers).toMatch(/load;dur=\d.*prepare;dur=\d.*run;dur=\d/)
    const cold = /runtime;dur=[\d.]+, kernels;dur=[\d.]+, download;dur=[\d.]+, first_run;dur=[\d.]+/
    expect(headers).toMatch(cold)
    const [line = ''] = predict.output().match(/\{[^\n]*"message":"cold start"[^\n]*/) ?? []
    for (const stage of ['runtime', 'kernels', 'download', 'load', 'first_run']) {
      expect(JSON.parse(line)[stage], stage).toBeGreaterThan(0)
    }
    expect(headers).toContain('gateway-request-1')
    const second = (await predict.invoke(event)) as Answer
    expect(second.body).toBe(first.body)
    expect(JSON.stringify({ ...second.headers, ...second.multiValueHeaders })).not.toMatch(cold)
    expect(predict.output()).toMatch(/"cold_start":true/)
    expect(predict.output()).toMatch(/"model":"points"/)
    const unknown = (await predict.invoke(proxyEvent('GET', '/v1/models/ghost'))) as Answer
    expect(unknown.statusCode).toBe(404)
  })
})
