/** The command `npm run test:images`: builds both images without docker, trains an epoch in one and asks the other for a prediction. */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { packVersion } from '@maas/core/formats'
import { createJobs } from '@maas/core/jobs'
import { createRegistry } from '@maas/core/registry'
import { openStore } from '@maas/core/store'
import { finishJob } from '../../functions/events/finish.ts'
import { repository } from '../../infra/bundle.ts'
import { hashFile } from '../../layers/tfjs-node/build/manifest.mjs'
import { proxyEvent } from '../support/lambda-events.ts'
import { motoCredentials, motoEnvironment, startMoto } from '../support/moto.ts'
import { job, pointsJob, pointsTable } from '../support/points.ts'
import { runtimeClient, startFunction } from '../support/runtime-api.ts'
import { findTools } from '../tools/sets.mjs'
import { createEngine, type Image, type Mounted, start } from './engine.ts'
import { debianTar, missingPrograms, nodeProgram, scratch } from './needs.ts'

const help = `Build the container images without docker, and run them as AWS would.

Usage: npm run test:images [-- --no-stage]

  1. npm run build:kernels -- --bundle, npm run stage     (--no-stage: dist/ as it is)
  2. a base image: Debian by mmdebstrap, Node from PyPI, a Lambda runtime client   (once, cached)
  3. buildah builds functions/train and functions/predict on it
  4. both run as a user without rights, root file system read-only: a training job of one epoch from S3 (moto)
     to a candidate; then one API Gateway event through Lambda's runtime protocol; then \`serve\` with the version's files,
     asked as SageMaker asks

Needs Linux, root, and Debian's buildah and mmdebstrap; says what is missing. About 3 GB of disk below TMPDIR.`

const bucket = 'models'
const region = 'eu-west-1'
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`

const note = (text: string): void => console.log(text)

/** Debian and Node, and for Lambda the runtime client that AWS's own base image would bring. */
const writeBase = (folder: string, lambda: boolean): void => {
  mkdirSync(folder, { recursive: true })
  cpSync(debianTar(), join(folder, 'rootfs.tar'))
  cpSync(nodeProgram(), join(folder, 'node'))
  const client = runtimeClient()
  if (lambda) {
    const from = client.isReal ? dirname(dirname(client.path)) : dirname(client.path)
    if (client.isReal) cpSync(from, join(folder, 'client', 'node_modules'), { recursive: true, dereference: true })
    else cpSync(client.path, join(folder, 'client', 'runtime-client.mjs'))
  }
  const program = client.isReal ? 'node_modules/aws-lambda-ric/index.mjs' : 'runtime-client.mjs'
  const entry = lambda
    ? ['COPY client/ /usr/local/lib/client/', 'COPY --chmod=755 lambda-entrypoint.sh /lambda-entrypoint.sh']
    : []
  const start = `#!/bin/sh\nexec /usr/local/bin/node /usr/local/lib/client/${program} "$@"\n`
  writeFileSync(join(folder, 'lambda-entrypoint.sh'), start)
  writeFileSync(
    join(folder, 'Dockerfile'),
    ['FROM scratch', 'ADD rootfs.tar /', 'COPY node /usr/local/bin/node', ...entry, ''].join('\n'),
  )
}

/** The image's kernels are, file by file, those of the layer. */
const compareKernels = async (image: Mounted): Promise<number> => {
  const packed = join(
    repository,
    'layers',
    'tfjs-node',
    'dist',
    process.arch,
    'layer',
    'maas',
    'packed',
    'manifest.json',
  )
  const { files } = JSON.parse(readFileSync(packed, 'utf8')) as { files: Record<string, { sha256: string }> }
  for (const [name, { sha256 }] of Object.entries(files)) {
    const own = await hashFile(join(image.root, 'opt', 'maas', 'kernels', name))
    if (own !== sha256) throw new Error(`${name} of the image is not the layer's file`)
  }
  return Object.keys(files).length
}

/** The job as Batch starts it; ends with the container's exit code. */
const train = (image: Mounted, env: Readonly<Record<string, string>>): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = start(image, {
      user: image.user,
      args: image.command,
      writable: ['/opt/ml', '/tmp'],
      env: { ...env, TRAINING_JOB_NAME: job, AWS_BATCH_JOB_ATTEMPT: '1' },
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk))
    child.once('error', reject)
    child.once('close', (code) =>
      code === 0 ? resolve(output) : reject(new Error(`training ended with ${code}:\n${output.slice(-3000)}`)),
    )
  })

/** SageMaker's side: the folder of the model, pings until it is there, one invocation. */
const serve = async (image: Mounted, packed: Uint8Array): Promise<{ readonly ms: number; readonly answer: string }> => {
  const models = join(image.root, 'opt', 'ml', 'model')
  mkdirSync(models, { recursive: true })
  execFileSync('tar', ['-xz', '--no-same-owner', '-C', models], { input: packed })
  const started = performance.now()
  const child = start(image, { user: '993:990', writable: ['/tmp'], env: {}, args: ['serve'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk))
  const ping = () =>
    fetch('http://127.0.0.1:8080/ping').then(
      ({ status }) => status === 200,
      () => false,
    )
  try {
    while (!(await ping())) {
      if (child.exitCode !== null || performance.now() - started > 60_000) throw new Error(`serve: ${output}`)
      await sleep(50)
    }
    const ms = performance.now() - started
    const headers = { 'content-type': 'text/csv', accept: 'text/csv' }
    const answer = await fetch('http://127.0.0.1:8080/invocations', { method: 'POST', headers, body: '2,2' })
    if (!answer.ok) throw new Error(`serve answered ${answer.status}: ${await answer.text()}\n${output}`)
    return { ms, answer: (await answer.text()).trim() }
  } finally {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }
}

const main = async (): Promise<void> => {
  if (process.argv.includes('--help')) return console.log(help)
  const missing = missingPrograms()
  if (missing !== undefined) throw new Error(missing)
  const tools = process.env.MAAS_TEST_TOOLS ?? findTools('base')
  if (tools === undefined) throw new Error('moto is not installed. Run: node test/tools/install.mjs')
  process.env.MAAS_TEST_TOOLS = tools
  if (!process.argv.includes('--no-stage')) {
    for (const args of [
      ['run', 'build:kernels', '--', '--arch', process.arch, '--bundle'],
      ['run', 'stage'],
    ]) {
      if (spawnSync('npm', args, { cwd: repository, stdio: 'inherit' }).status !== 0)
        throw new Error(`npm ${args.join(' ')} failed`)
    }
  }
  const folder = scratch()
  const engine = createEngine(folder)
  const moto = await startMoto()
  try {
    const images: Image[] = []
    const build = (tag: string, context: string, args?: Record<string, string>): void => {
      note(`Building ${tag}`)
      images.push(engine.build(tag, context, args))
    }
    for (const [name, lambda] of [
      ['train', false],
      ['predict', true],
    ] as const) {
      const base = join(folder, 'contexts', name)
      writeBase(base, lambda)
      build(`localhost/base-${name}:test`, base)
      build(`localhost/${name}:test`, join(repository, 'dist', 'images', name), { BASE: `localhost/base-${name}:test` })
    }
    const env = motoEnvironment(moto.endpoint, region, bucket)
    const s3 = new S3Client({
      endpoint: moto.endpoint,
      region,
      credentials: motoCredentials,
      forcePathStyle: true,
    })
    await s3.send(
      new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration: { LocationConstraint: region } }),
    )
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'datasets/points.csv', Body: pointsTable() }))
    await s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: `jobs/${job}/spec.json`,
        Body: JSON.stringify(pointsJob(bucket, { epochs: '1' })),
      }),
    )

    const trainer = engine.mount('localhost/train:test')
    note(`Training one epoch as user ${trainer.user}, root read-only`)
    const trainStarted = performance.now()
    const output = await train(trainer, env)
    const trainTime = performance.now() - trainStarted
    if (output.includes('WASM')) throw new Error(`the image has no native kernels:\n${output}`)
    Object.assign(process.env, env)
    const store = await openStore(`s3://${bucket}`)
    const clock = () => Date.now()
    const jobs = createJobs({ store, storeUri: `s3://${bucket}`, clock })
    await jobs.create(await jobs.document(job))
    const { model, version } = await finishJob(job, { store, registry: createRegistry(store), jobs, clock })

    const server = engine.mount('localhost/predict:test')
    const count = await compareKernels(server)
    note(`${count} kernel files are the layer's own`)
    note('Answering one API Gateway event as user 993 (Lambda’s), root read-only')
    const answerStarted = performance.now()
    const predict = await startFunction({
      directory: '/var/task',
      handler: server.command[0] ?? '',
      env,
      launch: (all) => start(server, { user: '993:990', writable: ['/tmp'], env: all, args: server.command }),
    })
    const event = proxyEvent('POST', `/v1/models/${model}/versions/${version}:classify`, {
      body: JSON.stringify({ examples: [{ a: 2, b: 2 }] }),
      headers: { 'content-type': 'application/json' },
    })
    const answer = (await predict.invoke(event)) as { statusCode: number; body: string }
    const answerTime = performance.now() - answerStarted
    await predict.stop()
    if (answer.statusCode !== 200)
      throw new Error(`predict answered ${answer.statusCode}: ${answer.body}\n${predict.output()}`)

    note('Serving the version as SageMaker starts it, root read-only')
    const registry = createRegistry(store)
    const manifest = await registry.manifest(model, version)
    const served = await serve(server, await packVersion(manifest, (path) => registry.file(manifest, path)))

    note('')
    for (const { tag, bytes, seconds: took } of images)
      note(`${tag.padEnd(32)} ${megabytes(bytes).padStart(9)}  built in ${took.toFixed(1)} s`)
    note(
      `training container, start to end ${seconds(trainTime)}; predict container, start to first answer ${seconds(answerTime)}; serve, start to ready ${seconds(served.ms)}`,
    )
    note(
      `Lambda runtime client: ${runtimeClient().isReal ? "AWS's aws-lambda-ric" : 'a stand-in of the same protocol (MAAS_LAMBDA_RIC names a built aws-lambda-ric)'}`,
    )
    note(`answers: ${answer.body}; ${served.answer}`)
  } catch (error) {
    // Said now: removing a gigabyte of files takes its time.
    note(`Failed: ${error instanceof Error ? error.message : error}`)
    throw error
  } finally {
    await moto.stop()
    engine.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

main().catch((error: unknown) => {
  console.error(`test:images: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
})
