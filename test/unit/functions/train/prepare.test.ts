import { mkdir, mkdtemp, readFile, readlink, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { trainingJobSchema } from '@maas/core/contract'
import { layoutOf, prepareJob, readSpec } from '@maas/train'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let directory: string
let base: string
beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'prepare-')))
  base = join(directory, 'job')
  await mkdir(join(directory, 'images'))
  await writeFile(join(directory, 'images', 'a.png'), '')
  await writeFile(join(directory, 'images', 'b.png'), '')
  await writeFile(join(directory, 'my data #1.csv'), 'x,y\n')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const job = (channels: Record<string, string>, hyperparameters: Record<string, string> = {}) =>
  trainingJobSchema.parse({
    TrainingJobName: 'job-1',
    HyperParameters: hyperparameters,
    InputDataConfig: Object.entries(channels).map(([ChannelName, path]) => ({
      ChannelName,
      DataSource: { S3DataSource: { S3Uri: path.startsWith('/') ? `file://${path}` : path } },
    })),
    OutputDataConfig: { S3OutputPath: `file://${directory}/out` },
    StoppingCondition: { MaxRuntimeInSeconds: 60 },
  })

describe('preparing a job', () => {
  it('lays out the folder that the task then reads', async () => {
    const images = join(directory, 'images')
    const table = join(directory, 'my data #1.csv')
    await prepareJob(job({ train: images, test: table }, { epochs: '3' }), base)
    expect(await readSpec(layoutOf(base))).toEqual({
      name: 'job-1',
      hyperparameters: { epochs: 3 },
      data: { train: images, test: table },
      maxSeconds: 60,
    })
    expect(await readlink(join(base, 'input/data/train'))).toBe(images)
  })

  it('takes an address whose special characters are escaped as well', async () => {
    await prepareJob(job({ train: new URL(`file://${directory}/my data %231.csv`).href }), base)
    expect((await readSpec(layoutOf(base))).data.train).toMatch(/my data #1\.csv$/)
  })

  it('writes the files SageMaker writes, so that they are enough without the document', async () => {
    await prepareJob(job({ train: join(directory, 'images') }, { epochs: '3' }), base)
    await rm(layoutOf(base).job)
    expect(await readSpec(layoutOf(base), 'from-environment')).toMatchObject({
      name: 'from-environment',
      hyperparameters: { epochs: 3 },
      maxSeconds: Number.POSITIVE_INFINITY,
    })
    expect(JSON.parse(await readFile(layoutOf(base).inputDataConfig, 'utf8'))).toHaveProperty(
      'train.TrainingInputMode',
      'File',
    )
  })

  it('takes a long topology as a file', async () => {
    const topology = { class_name: 'Sequential', config: { layers: [], note: 'x'.repeat(5000) } }
    await prepareJob(job({ train: join(directory, 'images') }), base, {
      topology: JSON.stringify({ modelTopology: { model_config: topology } }),
    })
    expect((await readSpec(layoutOf(base))).topology).toEqual(topology)
  })

  it('refuses a folder that already has a job', async () => {
    await prepareJob(job({ train: join(directory, 'images') }), base)
    await expect(prepareJob(job({ train: join(directory, 'images') }), base)).rejects.toThrow(
      /already holds a job; resume/,
    )
  })

  it.each<[string, Record<string, string>, Record<string, string>, RegExp]>([
    ['absent data', { train: '/nowhere/at/all' }, {}, /InputDataConfig\.train: \/nowhere\/at\/all does not exist/],
    ['data elsewhere', { train: 's3://bucket/data' }, {}, /got s3:\/\/bucket\/data; jobs on this machine read file:/],
    ['no training data', { test: '/tmp' }, {}, /allowed is one train/],
    ['an unknown hyperparameter', { train: '/tmp' }, { epoch: '3' }, /HyperParameters.*Unrecognized key: "epoch"/],
    ['a hyperparameter out of range', { train: '/tmp' }, { epochs: '0' }, /HyperParameters\.epochs/],
    ['a path as topology', { train: '/tmp' }, { maas_topology: '/etc/passwd' }, /allowed is a topology as JSON/],
  ])('refuses %s and leaves no job behind', async (_, channels, hyperparameters, message) => {
    await expect(prepareJob(job(channels, hyperparameters), base)).rejects.toThrow(message)
    await expect(readFile(layoutOf(base).job)).rejects.toThrow(/ENOENT/)
  })
})

describe('reading a job', () => {
  const withTopology = async (text: string) => {
    await prepareJob(job({ train: join(directory, 'images') }, { maas_topology: text }), base)
    return readSpec(layoutOf(base))
  }

  it.each([
    ['{"class_name": "Sequential", "config": {}}'],
    ['{"modelTopology": {"class_name": "Sequential", "config": {}}, "weightsManifest": []}'],
    ['{"model_config": {"class_name": "Sequential", "config": {}}}'],
  ])('takes the topology out of %s', async (text) => {
    expect((await withTopology(text)).topology).toEqual({ class_name: 'Sequential', config: {} })
  })

  it('refuses a topology that is none', async () => {
    await expect(withTopology('{"layers": []}')).rejects.toThrow(
      /got keys layers; a topology has class_name and config/,
    )
    await rm(base, { recursive: true })
    await expect(withTopology('{"class_name')).rejects.toThrow(/maas_topology is not JSON/)
  })

  it('says where the training data should be', async () => {
    await expect(readSpec(layoutOf(base))).rejects.toThrow(/no training data: .*input\/data\/train does not exist/)
  })

  it('names the file that is not JSON', async () => {
    await mkdir(join(base, 'input/config'), { recursive: true })
    await writeFile(layoutOf(base).job, '{')
    await expect(readSpec(layoutOf(base))).rejects.toThrow(/job\.json is not JSON/)
  })
})
