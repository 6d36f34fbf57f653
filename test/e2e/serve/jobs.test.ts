/** Training jobs over HTTP on one machine: unmodified boto3, our own form with its events, and a service that is killed in between. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFileStore } from '@maas/core/store'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { main } from '../../../sdk/src/cli/main.ts'
import { pointsTable } from '../../support/points.ts'
import { findPython, runPython } from '../../support/python.ts'
import { run, start } from '../cli/run.ts'
import { ask, post, runService, until } from './running.ts'

/** boto3 comes with moto. */
const python = findPython('base', 'boto3')

const data = { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://maas-local/datasets/points.csv' } }
const hyperParameters = { maas_preset: 'mlp', target: 'label', maas_model_name: 'points' }
const document = (name: string, more: Record<string, string> = {}) => ({
  TrainingJobName: name,
  HyperParameters: { ...hyperParameters, epochs: '3', ...more },
  InputDataConfig: [{ ChannelName: 'train', DataSource: data }],
})

let folder: string
let root: string
let service: Awaited<ReturnType<typeof runService>>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maas-jobs-'))
  root = join(folder, 'store')
  await createFileStore(root).put('datasets/points.csv', new TextEncoder().encode(pointsTable()))
  service = await runService({ root })
})
afterAll(async () => {
  await service?.close()
  await rm(folder, { recursive: true, force: true })
})

const jobs = () => `${service.url}/training-jobs`
const describeJob = async (name: string) => (await ask(`${jobs()}/${name}`)).body as Record<string, unknown>

/** All that a command printed, run in this process. */
const said = async (...args: string[]): Promise<string> => {
  let text = ''
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      text += chunk
      return true
    }),
  )
  try {
    await main(args)
    return text
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
}

const boto = async (program: string): Promise<Record<string, unknown>> => {
  const file = join(folder, 'program.py')
  await writeFile(
    file,
    `import boto3, json, time
from botocore.exceptions import ClientError
keys = dict(region_name='eu-west-1', aws_access_key_id='x', aws_secret_access_key='x', aws_session_token='maas_key')
sm = boto3.client('sagemaker', endpoint_url='${service.url}/sagemaker', **keys)
runtime = boto3.client('sagemaker-runtime', endpoint_url='${service.url}', **keys)
def code(call, **args):
    try:
        call(**args)
    except ClientError as error:
        return [error.response['Error']['Code'], error.response['Error']['Message']]
base = dict(RoleArn='arn:aws:iam::000000000000:role/maas-local', AlgorithmSpecification=dict(TrainingImage='maas-train', TrainingInputMode='File'),
    OutputDataConfig=dict(S3OutputPath='s3://maas-local/jobs'), ResourceConfig=dict(InstanceType='ml.m5.large', InstanceCount=1, VolumeSizeInGB=20),
    StoppingCondition=dict(MaxRuntimeInSeconds=600))
def job(name, epochs='3', **more):
    return {**base, **dict(TrainingJobName=name, HyperParameters={**${JSON.stringify(hyperParameters)}, 'epochs': epochs},
        InputDataConfig=[dict(ChannelName='train', DataSource=${JSON.stringify(data)})]), **more}
${program}`,
  )
  return runPython(python ?? '', [file], { env: { HOME: folder, MAAS_URL: service.url, MAAS_API_KEY: 'maas_key' } })
}

describe.skipIf(python === undefined)('unmodified boto3', () => {
  it('creates, describes, lists and stops training jobs, and invokes what they became, as documented', async () => {
    const page = await readFile('docs/architecture/jobs.md', 'utf8')
    const [, documented = ''] = /```python\n(.*?)```/s.exec(page) ?? []
    expect(documented).toContain('create_training_job')
    const got = await boto(`${documented}
arn = sm.describe_training_job(TrainingJobName='points-1')['TrainingJobArn']
sm.create_training_job(**job('boto-2', epochs='10000'))
again = code(sm.create_training_job, **job('points-1'))
one = sm.describe_training_job(TrainingJobName='points-1')
for _ in range(60):
    if sm.describe_training_job(TrainingJobName='boto-2')['SecondaryStatus'] == 'Training': break
    time.sleep(0.5)
sm.stop_training_job(TrainingJobName='boto-2')
stopping = sm.describe_training_job(TrainingJobName='boto-2')['TrainingJobStatus']
sm.get_waiter('training_job_completed_or_stopped').wait(TrainingJobName='boto-2', WaiterConfig=dict(Delay=1, MaxAttempts=60))
pages = [s['TrainingJobName'] for page in sm.get_paginator('list_training_jobs').paginate(PaginationConfig=dict(PageSize=1)) for s in page['TrainingJobSummaries']]
stopped = [s['TrainingJobName'] for s in sm.list_training_jobs(StatusEquals='Stopped')['TrainingJobSummaries']]
answer = runtime.invoke_endpoint(EndpointName='points', ContentType='application/json', Body=json.dumps(dict(instances=[dict(a=2, b=2)])))
variant = runtime.invoke_endpoint(EndpointName='points', TargetVariant='1', ContentType='application/json', Body=json.dumps(dict(instances=[dict(a=2, b=2)])))
csv = runtime.invoke_endpoint(EndpointName='points', ContentType='text/csv', Accept='text/csv', Body='2,2')
same = runtime.invoke_endpoint(EndpointName='points:1', ContentType='application/json', Body=json.dumps(dict(instances=[dict(a=2, b=2)])))
print(json.dumps(dict(arn=arn, again=again, status=one['TrainingJobStatus'], steps=[s['Status'] for s in one['SecondaryStatusTransitions']],
    hours=(one['TrainingEndTime'] - one['CreationTime']).total_seconds(), metrics=[m['MetricName'] for m in one['FinalMetricDataList']], billable=one['BillableTimeInSeconds'],
    stopping=stopping, pages=pages, stopped=stopped, answer=json.loads(answer['Body'].read()), csv=[[float(v) for v in csv['Body'].read().decode().split(',')]], type=csv['ContentType'], version=answer['InvokedProductionVariant'],
    variant=json.loads(variant['Body'].read()), same=json.loads(same['Body'].read()),
    late=code(sm.stop_training_job, TrainingJobName='points-1'))))`)
    expect(got.arn).toMatch(/^arn:aws:sagemaker:.*:training-job\/points-1$/)
    expect(got.again).toEqual(['ResourceInUse', expect.stringContaining('points-1')])
    expect(got).toMatchObject({ status: 'Completed', version: '1', stopped: ['boto-2'] })
    expect(got.steps).toEqual(['Pending', 'Downloading', 'Training', 'Uploading', 'Completed'])
    expect(['Stopping', 'Stopped']).toContain(got.stopping)
    expect(got.metrics).toContain('test_accuracy')
    expect(got.pages).toEqual(['boto-2', 'points-1'])
    expect(got.answer).toEqual({ predictions: [[expect.any(Number), expect.any(Number)]] })
    expect([got.variant, got.same, { predictions: got.csv }]).toEqual([got.answer, got.answer, got.answer])
    expect(got.type).toBe('text/csv')
    expect(got.late).toEqual(['ValidationException', expect.stringContaining('Completed already')])
  })

  it('meets the errors that it knows by name', async () => {
    const got = await boto(`
print(json.dumps(dict(
    missing=code(sm.describe_training_job, TrainingJobName='ghost'),
    role=code(sm.create_training_job, **job('bad-1', RoleArn='arn:aws:iam::111122223333:role/Admin')),
    environment=code(sm.create_training_job, **job('bad-2', Environment=dict(A='b'))),
    foreign=code(sm.create_training_job, **job('bad-3', InputDataConfig=[dict(ChannelName='train', DataSource=dict(S3DataSource=dict(S3DataType='S3Prefix', S3Uri='s3://theirs/x')))])),
    other=code(sm.list_endpoints),
    endpoint=code(runtime.invoke_endpoint, EndpointName='ghost', Body='{"instances": [1]}', ContentType='application/json'))))`)
    expect(got.missing).toEqual(['ResourceNotFound', expect.stringContaining('ghost')])
    expect(got.role).toEqual(['AccessDeniedException', expect.stringContaining('RoleArn')])
    expect(got.environment).toEqual(['AccessDeniedException', expect.stringContaining('Environment')])
    expect(got.foreign).toEqual(['AccessDeniedException', expect.stringContaining('S3Uri')])
    expect(got.other).toEqual(['ValidationException', expect.stringContaining('CreateTrainingJob')])
    expect(got.endpoint).toEqual(['ValidationError', expect.stringContaining('ghost')])
  })
})

describe('a job over HTTP', () => {
  it('is the same job when the same document comes twice, and refused with another', async () => {
    expect((await post(jobs(), document('twice'))).status).toBe(201)
    expect(await post(jobs(), document('twice'))).toMatchObject({ status: 200, body: { TrainingJobName: 'twice' } })
    expect((await post(jobs(), document('twice', { epochs: '4' }))).status).toBe(409)
  })

  it('is followed event by event until it is done, and again from any event on', async () => {
    const headers = { accept: 'text/event-stream' }
    const text = await (await fetch(`${jobs()}/twice/events`, { headers })).text()
    const ids = [...text.matchAll(/^id: (.+)$/gm)].map(([, id]) => id)
    expect(text).toMatch(/^event: epoch$/m)
    expect(text.trim().split('\n\n').at(-1)).toMatch(/^event: done\ndata: \{.*"TrainingJobStatus":"Completed"/)
    const rest = await (
      await fetch(`${jobs()}/twice/events`, { headers: { ...headers, 'last-event-id': ids[2] ?? '' } })
    ).text()
    expect([...rest.matchAll(/^id: (.+)$/gm)].map(([, id]) => id)).toEqual(ids.slice(3))
    const page = (await ask(`${jobs()}/twice/events?limit=1000`)).body as { events: { id: string }[]; done: boolean }
    expect(page).toMatchObject({ done: true })
    expect(page.events.map(({ id }) => id)).toEqual(ids)
    expect((await ask(`${jobs()}/twice/logs?limit=x`)).status).toBe(400)
  })

  it('is started, followed, listed and shown by the command line, which sends its data once', async () => {
    await writeFile(join(folder, 'own.csv'), pointsTable())
    const where = ['--url', service.url, '--json']
    const train = [
      'train',
      '--remote',
      '--data',
      join(folder, 'own.csv'),
      '--target',
      'label',
      '--preset',
      'mlp',
      '--name',
      'sent',
    ]
    const { code, err, events } = await run(folder, [...train, '--epochs', '2', '--alias', 'production', ...where])
    expect(code, err).toBe(0)
    const kinds = events.map(({ event }) => event)
    expect(kinds[0]).toBe('created')
    expect(kinds).toEqual(expect.arrayContaining(['status', 'epoch', 'evaluation', 'end']))
    expect(events.at(-1)).toMatchObject({
      event: 'done',
      job: { TrainingJobStatus: 'Completed', Output: { model: 'sent', version: 1, alias: 'production' } },
    })
    const name = String(events[0]?.job)
    const url = ['--url', service.url]
    const again = await said(...train, '--epochs', '9999', '--detach', ...url)
    expect(again).toMatch(/It trains at .*\. Follow it with: npx maas jobs events sent-/)
    const [, second = ''] = again.match(/^job +(\S+)$/m) ?? []
    expect(await said('jobs', 'stop', second, ...url)).toContain(second)
    expect(await said('jobs', 'list', '--contains', 'sent-', ...url)).toMatch(
      new RegExp(`${second}.*\n.*${name} .*Completed`),
    )
    const shown = await said('jobs', 'show', name, ...url)
    expect(shown).toMatch(/Training +\d/)
    expect(shown).toContain('Registered sent:1, sent@production points at it')
    const [channel] = (await describeJob(second)).InputDataConfig as { DataSource: typeof data }[]
    expect((await describeJob(name)).InputDataConfig).toEqual([channel])
    const lines = (await said('jobs', 'logs', name, ...where)).trim().split('\n')
    expect(lines.length).toBeGreaterThan(5)
    for (const line of lines) expect(JSON.parse(line)).toEqual({ id: expect.any(String), text: expect.any(String) })
    const ghost = await said('jobs', 'events', 'ghost', ...url)
    expect(ghost).toContain('no training job "ghost"')
    expect(ghost).not.toContain('goes on')
  })

  it('outlives the service that runs it: it goes on from its checkpoint with the next', async () => {
    await post(jobs(), document('long', { epochs: '4000', early_stopping_patience: '0', maas_model_name: 'long' }))
    const phase = async () => (await describeJob('long')).SecondaryStatus
    expect(await until(async () => (await phase()) === 'Training', 40_000)).toBe(true)
    const epochs = async () => {
      const { body } = await ask(`${jobs()}/long/logs?limit=1000`)
      return (body as { lines: { text: string }[] }).lines.filter(({ text }) => text.startsWith('{"event":"epoch"'))
        .length
    }
    expect(await until(async () => (await epochs()) > 3, 20_000)).toBe(true)
    // Whoever watches may leave; the job stays.
    const watching = start(folder, ['jobs', 'events', 'long', '--url', service.url])
    await watching.printed('epoch')
    watching.child.kill('SIGINT')
    const left = await watching.finished
    expect(left.code, left.err).toBe(1)
    expect(left.err).toContain('The job goes on. Come back with: npx maas jobs events long')
    expect(left.err).not.toContain('aborted')
    expect(await phase()).toBe('Training')
    await service.close()
    service = await runService({ root })
    expect(await until(async () => (await phase()) === 'Training', 40_000)).toBe(true)
    const steps = (await describeJob('long')).SecondaryStatusTransitions as { Status: string }[]
    expect(steps.map(({ Status }) => Status)).toEqual(
      expect.arrayContaining(['Training', 'Interrupted', 'Downloading', 'Training']),
    )
    const resumed = async () => {
      const { body } = await ask(`${jobs()}/long/events?limit=1000&after=0002-000000-000000`)
      return (body as { events: { attempt: number; data: { event: string; epoch?: number } }[] }).events.find(
        ({ attempt, data }) => attempt === 2 && data.event === 'epoch',
      )?.data.epoch
    }
    expect(await until(async () => (await resumed()) !== undefined, 40_000)).toBe(true)
    expect(await resumed()).toBeGreaterThan(1)
    expect(await said('jobs', 'stop', 'long', '--url', service.url)).toContain('it writes a checkpoint first')
    expect(await until(async () => (await describeJob('long')).TrainingJobStatus === 'Stopped', 40_000)).toBe(true)
  })
})
