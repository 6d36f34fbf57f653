/** What is deployed, run as processes against moto: the container's program trains, the events function registers, the predict function answers. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { CreateStateMachineCommand, DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn'
import { nativeId, transformSpecSchema } from '@maas/core/contract'
import { createS3Store } from '@maas/core/store/s3'
import { createTransforms } from '@maas/core/transform'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundle, checkPrograms, repository } from '../../../infra/bundle.ts'
import { searchKernels } from '../../../layers/core/kernels/native.ts'
import { Maas } from '../../../sdk/src/client.ts'
import { type LambdaEndpoint, startLambdaEndpoint } from '../../support/lambda-endpoint.ts'
import { fetchByEvents, proxyEvent } from '../../support/lambda-events.ts'
import { noLayer, onLayer } from '../../support/layer.ts'
import { isMotoMissing, type Moto, motoCredentials, motoEnvironment, startMoto } from '../../support/moto.ts'
import { job, pointsJob, pointsTable } from '../../support/points.ts'
import { type FunctionProcess, runtimeClient, startFunction } from '../../support/runtime-api.ts'

const bucket = 'models'
const document = pointsJob(bucket, {
  epochs: '30',
  maas_alias: 'production',
  maas_gate: 'test_accuracy>=0.8,overfitting_gap<=0.2',
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
  /** What the workflow of a job was given. */
  let inputOf: (name: string) => Promise<Record<string, unknown>>
  const directory = mkdtempSync(join(tmpdir(), 'deployed-'))
  const started: FunctionProcess[] = []
  let lambda: LambdaEndpoint | undefined

  beforeAll(async () => {
    moto = await startMoto()
    env = {
      ...motoEnvironment(moto.endpoint, 'eu-west-1', bucket),
      // A bundle has no recipe beside it, so it looks in /opt, where images and layers have their kernels.
      MAAS_KERNELS: kernels.found?.directory ?? '',
    }
    const credentials = motoCredentials
    s3 = new S3Client({ endpoint: moto.endpoint, region: 'eu-west-1', credentials, forcePathStyle: true })
    const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' } as const
    await s3.send(new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration }))
    const workflows = new SFNClient({ endpoint: moto.endpoint, region: 'eu-west-1', credentials })
    const roleArn = 'arn:aws:iam::123456789012:role/workflow'
    const { stateMachineArn = '' } = await workflows.send(
      new CreateStateMachineCommand({
        name: 'maas-dev-train',
        roleArn,
        definition: '{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}',
      }),
    )
    Object.assign(env, {
      MAAS_WORKFLOW: stateMachineArn,
      MAAS_JOB_ROLE: 'arn:aws:iam::123456789012:role/maas-dev-train',
      MAAS_TRANSFORM_QUEUE: 'maas-dev-transform',
      MAAS_TRANSFORM_JOB: 'maas-dev-transform',
    })
    const { tensorflow = '', arch = '' } = kernels.found?.manifest ?? {}
    Object.assign(env, {
      MAAS_ARCHITECTURE: 'x64',
      MAAS_MAX_JOB_HOURS: '24',
      MAAS_KERNELS_ID: nativeId(tensorflow, arch),
      MAAS_BUCKET_ARN: `arn:aws:s3:::${bucket}`,
      MAAS_WRITER_ROLE: 'arn:aws:iam::123456789012:role/writer',
    })
    inputOf = async (name) => {
      const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`
      const { input = '{}' } = await workflows.send(new DescribeExecutionCommand({ executionArn }))
      return JSON.parse(input)
    }
    symlinkSync(join(repository, 'node_modules'), join(directory, 'node_modules'))
    for (const [entry, name] of [
      ['functions/train/batch.ts', 'batch'],
      ['functions/train/main.ts', 'main'],
      ['functions/events/handler.ts', 'events'],
      ['functions/events/credentials-handler.ts', 'credentials'],
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
    await Promise.all([...started.map((each) => each.stop()), lambda?.stop()])
    await moto?.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  const start = async (name: string): Promise<FunctionProcess> => {
    const made = await startFunction({ directory, handler: `${name}.handler`, env })
    started.push(made)
    return made
  }

  const runContainer = (
    command: string,
    own: Readonly<Record<string, string>>,
  ): Promise<{ code: number | null; output: string }> =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [join(directory, 'batch.mjs'), command], {
        env: { ...process.env, ...env, ...own },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let output = ''
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk))
      child.once('error', reject)
      child.once('close', (code) => resolve({ code, output }))
    })

  let api: FunctionProcess
  const ask = async (method: 'GET' | 'POST', path: string, body?: unknown) => {
    const headers = { 'content-type': 'application/json' }
    const event = proxyEvent(method, path, { headers, ...(body !== undefined && { body: JSON.stringify(body) }) })
    const { statusCode, body: text } = (await api.invoke(event)) as Answer
    return { status: statusCode, body: JSON.parse(text) }
  }
  const ids = { jobName: job, jobId: 'batch-1' }
  const tell = (events: FunctionProcess, status: string, attempts: number) =>
    events.invoke({
      source: 'aws.batch',
      time: new Date().toISOString().replace(/\.\d+/, ''),
      detail: { ...ids, status, attempts: Array.from({ length: attempts }, () => ({})) },
    })

  it('take data by addresses that are signed for it', async () => {
    api = await start('api')
    const data = Buffer.from(pointsTable())
    const sha256 = createHash('sha256').update(data).digest('hex')
    const { body: upload } = await ask('POST', '/uploads', { dataset: 'points.csv', size: data.length, sha256 })
    const { body: signed } = await ask('POST', `/uploads/${upload.id}/parts`, { parts: [{ number: 1, sha256 }] })
    const [part] = signed.parts
    expect((await fetch(part.url, { method: 'PUT', headers: part.headers, body: data })).status).toBe(200)
    expect(await ask('POST', `/uploads/${upload.id}/complete`, {})).toMatchObject({ status: 200 })
  })

  it('create a training job once, and hand it to its workflow with what it asks for', async () => {
    const created = await ask('POST', '/training-jobs', document)
    expect(created).toMatchObject({
      status: 201,
      body: { TrainingJobStatus: 'InProgress', SecondaryStatus: 'Pending' },
    })
    expect((await ask('POST', '/training-jobs', document)).status).toBe(200)
    expect(await inputOf(job)).toEqual({ job, cpus: '2', memory: '8192', seconds: 90_000, spot: false })
    expect((await ask('POST', '/training-jobs', { ...document, Environment: { A: 'b' } })).status).toBe(403)
  })

  it('train a job from S3 with credentials of its own, and leave a whole candidate there', async () => {
    const events = await start('events')
    const { token } = (await events.invoke({ task: 'grant', job, seconds: 3600 })) as { token: string }
    await tell(events, 'RUNNING', 0)
    const lender = await start('credentials')
    lambda = await startLambdaEndpoint((event) => lender.invoke(event))
    const functionArn = 'arn:aws:lambda:eu-west-1:123456789012:function:credentials:live'
    const container = (MAAS_JOB_TOKEN: string) =>
      runContainer('train', {
        TRAINING_JOB_NAME: job,
        SAGEMAKER_BASE_DIR: mkdtempSync(join(directory, 'ml-')),
        AWS_BATCH_JOB_ATTEMPT: '1',
        MAAS_JOB_CREDENTIALS: functionArn,
        MAAS_JOB_TOKEN,
        AWS_ENDPOINT_URL_LAMBDA: lambda?.url ?? '',
      })
    const forged = await container('forged')
    expect(forged.code).toBe(1)
    expect(forged.output).toContain('the token is not one of this job')
    const { code, output } = await container(token)
    expect(new Set(lambda.called)).toEqual(new Set([functionArn]))
    expect(`${output}${forged.output}${lender.output()}`).not.toContain(token)
    expect(output).not.toContain('WASM')
    expect(output).toContain('"event":"end"')
    expect(code).toBe(0)
    const complete = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: `jobs/${job}/candidate.json` }))
    expect(JSON.parse((await complete.Body?.transformToString()) ?? '').files).toContain('weights.bin')
  })

  it('register it once, however often that is asked, and move the alias when the gate lets it', async () => {
    const events = await start('events')
    await tell(events, 'SUCCEEDED', 1)
    const finished = await events.invoke({ task: 'finish', job })
    expect(finished).toMatchObject({ model: 'points', version: 1, passed: true, alias: 'production' })
    expect(await events.invoke({ task: 'finish', job })).toMatchObject({ version: 1 })
    await expect(events.invoke({ task: 'finish', job: 'ghost' })).rejects.toThrow('jobs/ghost/spec.json')
  })

  it('list it on the control plane', async () => {
    expect((await ask('GET', '/models')).body).toMatchObject({ models: [{ name: 'points', versions: [1] }] })
  })

  it('say how the job went, and what it printed', async () => {
    const { body } = await ask('GET', `/training-jobs/${job}`)
    expect(body).toMatchObject({
      TrainingJobStatus: 'Completed',
      Output: { model: 'points', version: 1, alias: 'production' },
    })
    const steps = body.SecondaryStatusTransitions.map(({ Status }: { Status: string }) => Status)
    expect(steps).toEqual(['Pending', 'Downloading', 'Training', 'Uploading', 'Completed'])
    expect(body.Price.Amount).toBeGreaterThan(0)
    const { body: page } = await ask('GET', `/training-jobs/${job}/events`)
    expect(page.events.at(-1).data).toMatchObject({ event: 'end', reason: 'completed' })
    expect(await ask('POST', `/training-jobs/${job}/stop`, {})).toMatchObject({ status: 400 })
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
      body,
      headers: { 'content-type': 'application/json' },
    })
    const first = (await predict.invoke(event)) as Answer
    expect(first.statusCode, predict.output()).toBe(200)
    const best = (results: [string, number][]) => results.toSorted((a, b) => b[1] - a[1])[0]?.[0]
    expect(JSON.parse(first.body).results.map(best)).toEqual(['above', 'below'])
    const headers = JSON.stringify({ ...first.headers, ...first.multiValueHeaders })
    expect(headers).toMatch(/load;dur=\d.*prepare;dur=\d.*run;dur=\d/)
    expect(headers).toContain('gateway-request-1')
    const second = (await predict.invoke(event)) as Answer
    expect(second.body).toBe(first.body)
    expect(predict.output()).toMatch(/"cold_start":true/)
    expect(predict.output()).toMatch(/"model":"points"/)
    const unknown = (await predict.invoke(proxyEvent('GET', '/v1/models/ghost'))) as Answer
    expect(unknown.statusCode).toBe(404)
  })

  it('check a model that was sent, on the layer, and register what passed', async () => {
    const staged = join(directory, 'check')
    mkdirSync(staged)
    await bundle('functions/check/handler.ts', join(staged, 'index.mjs'))
    for (const [name, entry] of Object.entries(checkPrograms)) await bundle(entry, join(staged, `${name}.mjs`))
    const reason = noLayer()
    if (reason !== undefined) console.warn(`The check function runs on unpacked kernels, not on the layer: ${reason}`)
    const TMPDIR = join(directory, 'tmp')
    mkdirSync(TMPDIR)
    const { MAAS_KERNELS: _, ...bare } = env
    const check = await startFunction({
      directory: staged,
      handler: 'index.handler',
      env: { ...(reason === undefined ? bare : env), TMPDIR },
      ...(reason === undefined && {
        launch: (variables) => onLayer([runtimeClient().path, 'index.handler'], variables, staged),
      }),
    })
    started.push(check)
    const events = await start('events')
    const created = (key: string) => ({
      source: 'aws.s3',
      'detail-type': 'Object Created',
      detail: { bucket: { name: bucket }, object: { key } },
    })
    const vet = async ({ id }: { readonly id: string }) => {
      const message = { messageId: 'message-1', body: JSON.stringify(created(`imports/${id}/ready.json`)) }
      expect(await check.invoke({ Records: [message] }), check.output()).toEqual({ batchItemFailures: [] })
      // SQS may bring it twice.
      expect(await check.invoke({ Records: [message] })).toEqual({ batchItemFailures: [] })
      await events.invoke(created(`imports/${id}/verdict.json`))
    }
    let checking: Promise<void> | undefined
    const maas = new Maas({ url: 'http://api', fetch: fetchByEvents((event) => api.invoke(event)) })
    const fixtures = join(repository, 'test', 'fixtures', 'graphs')
    const pushed = await maas.imports.push(
      { directory: fixtures, files: ['layers-tfjs.zip'], model: 'sent', alias: 'production' },
      {
        onState: (state) => {
          if (state.status === 'checking') checking ??= vet(state)
        },
      },
    )
    await checking
    expect(pushed).toMatchObject({ status: 'registered', version: 1, certificate: { passed: true } })
    expect((await ask('GET', '/models/sent/versions')).body.versions).toHaveLength(1)
    expect((await ask('GET', '/models/sent/aliases/production')).body.targets).toEqual([{ version: 1, weight: 100 }])
    if (reason === undefined) expect(readdirSync(TMPDIR)).toContainEqual(expect.stringMatching(/kernels|packed|maas-/))
    // Nothing of a model stays for the next one.
    expect(readdirSync(TMPDIR).filter((name) => name.startsWith('maas-check'))).toEqual([])
  })

  it('predict a data set in containers that share it, and join what they leave', async () => {
    const name = 'points-all'
    const store = createS3Store({ client: s3, bucket, prefix: '' })
    const S3Uri = `s3://${bucket}/datasets/points.csv`
    const spec = transformSpecSchema.parse({
      request: {
        TransformJobName: name,
        ModelName: 'points@production',
        TransformResources: { InstanceCount: 2 },
        TransformInput: { DataSource: { S3DataSource: { S3Uri } } },
      },
      model: { name: 'points', version: 1 },
    })
    await createTransforms({ store, clock: () => Date.now() }).create(spec)
    const shares = ['0', '1'].map((AWS_BATCH_JOB_ARRAY_INDEX) =>
      runContainer('transform', { TRANSFORM_JOB_NAME: name, TRANSFORM_SHARES: '2', AWS_BATCH_JOB_ARRAY_INDEX }),
    )
    for (const { code, output } of await Promise.all(shares)) expect(code, output).toBe(0)
    expect((await ask('GET', `/transform-jobs/${name}`)).body).toMatchObject({ TransformJobStatus: 'InProgress' })
    const events = await start('events')
    await events.invoke({
      source: 'aws.batch',
      time: new Date().toISOString().replace(/\.\d+/, ''),
      detail: { jobName: `transform_${name}`, jobId: 'array-1', status: 'SUCCEEDED', attempts: [] },
    })
    const { body } = await ask('GET', `/transform-jobs/${name}`)
    const rows = pointsTable().trim().split('\n').length - 1
    expect(body).toMatchObject({
      TransformJobStatus: 'Completed',
      ModelVersion: 1,
      Failures: [],
      Progress: { Inputs: rows, Done: rows, Failed: 0 },
    })
    const { body: output } = await store.get(`transforms/${name}/output/predictions.jsonl`)
    const lines = Buffer.from(output).toString().trimEnd().split('\n')
    expect(lines).toHaveLength(rows)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      id: 'points.csv:2',
      label: expect.stringMatching(/above|below/),
    })
  })
})
