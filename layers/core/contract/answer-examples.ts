/** An answer of each operation whose route carries none of its own: what OpenAPI and the pages show. */
import type { Operation } from './route.ts'

const at = '2026-11-24T17:00:00.000Z'
const sha256 = 'b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c'
const targets = [{ version: 2, weight: 100 }]

const dim = (...sizes: string[]) => ({
  tensor_shape: { dim: sizes.map((size) => ({ size, name: '' })), unknown_rank: false },
})
const metadata = {
  model_spec: { name: 'cifar10', signature_name: '', version: '2' },
  metadata: {
    signature_def: {
      signature_def: {
        serving_default: {
          inputs: { image: { dtype: 'DT_FLOAT', ...dim('-1', '32', '32', '3'), name: 'image:0' } },
          outputs: { dense_1: { dtype: 'DT_FLOAT', ...dim('-1', '10'), name: 'dense_1:0' } },
          method_name: 'tensorflow/serving/predict',
        },
      },
    },
  },
}

const prediction = {
  id: '6b0c1c3e-2f43-4a62-9f0e-0d6c0f1f5a11',
  model: 'cifar10@production',
  status: 'processing',
  created_at: at,
  started_at: at,
  expires_at: '2026-11-25T17:00:00.000Z',
  urls: {
    get: '/predictions/6b0c1c3e-2f43-4a62-9f0e-0d6c0f1f5a11',
    cancel: '/predictions/6b0c1c3e-2f43-4a62-9f0e-0d6c0f1f5a11/cancel',
  },
}

const nanoseconds = (count: number, ns: number) => ({ count, ns })
const statistics = {
  model_stats: [
    {
      name: 'cifar10',
      version: '2',
      last_inference: 1_795_539_600_000,
      inference_count: 12,
      execution_count: 10,
      inference_stats: {
        success: nanoseconds(10, 21_000_000),
        fail: nanoseconds(0, 0),
        queue: nanoseconds(10, 400_000),
        compute_input: nanoseconds(10, 6_000_000),
        compute_infer: nanoseconds(10, 14_000_000),
        compute_output: nanoseconds(10, 600_000),
        cache_hit: nanoseconds(0, 0),
        cache_miss: nanoseconds(0, 0),
      },
      batch_stats: [],
    },
  ],
}

const model = { name: 'cifar10', versions: [1, 2], aliases: { production: targets } }
const manifest = {
  schema: 1,
  name: 'cifar10',
  version: 2,
  createdAt: at,
  files: [{ path: 'model.json', sha256, size: 3210 }],
  metrics: { test_accuracy: 0.655, parameters: 167_562 },
  lineage: { source: 'training', job: 'cifar10-1', code: 'maas 0.1.0', kernels: 'tensorflow-2.21.0-x64' },
}
const alias = {
  schema: 1,
  name: 'cifar10',
  alias: 'production',
  targets,
  generation: 3,
  history: [{ at, by: 'api', why: 'better on the test set', from: [{ version: 1, weight: 100 }], to: targets }],
}

const replay = {
  schema: 1,
  at,
  kernels: 'tensorflow-2.21.0-x64',
  mode: 'compiled',
  source: 'given',
  rows: 8,
  tolerance: 1e-5,
  difference: 2e-7,
  passed: true,
  outputs: [{ name: 'dense_1', difference: 2e-7 }],
}
const certificate = {
  golden: {
    schema: 1,
    source: 'given',
    tolerance: 1e-5,
    inputs: [{ name: 'image', dtype: 'float32', shape: [8, 32, 32, 3] }],
    outputs: [{ name: 'dense_1', dtype: 'float32', shape: [8, 10] }],
  },
  replays: [replay],
}

const imported = {
  id: '5d41402abc4b2a76b9719d911017c592',
  model: 'digits',
  file: 'model.h5',
  status: 'checking',
  created_at: at,
}

const summary = {
  TrainingJobName: 'cifar10-1',
  TrainingJobArn: 'arn:aws:sagemaker:eu-west-1:000000000000:training-job/cifar10-1',
  CreationTime: at,
  LastModifiedTime: at,
  TrainingJobStatus: 'InProgress',
  SecondaryStatus: 'Training',
}
const source = (uri: string) => ({
  S3DataSource: { S3DataType: 'S3Prefix', S3Uri: uri, S3DataDistributionType: 'FullyReplicated' },
})
const job = {
  ...summary,
  AlgorithmSpecification: { TrainingImage: 'maas-train', TrainingInputMode: 'File' },
  RoleArn: 'arn:aws:iam::000000000000:role/maas-local',
  HyperParameters: { maas_preset: 'cifar10-cnn', epochs: '10', maas_model_name: 'cifar10' },
  InputDataConfig: [
    { ChannelName: 'train', DataSource: source('s3://maas-local/datasets/cifar10.zip'), InputMode: 'File' },
  ],
  OutputDataConfig: { S3OutputPath: 's3://maas-local/jobs' },
  ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1, VolumeSizeInGB: 20 },
  StoppingCondition: { MaxRuntimeInSeconds: 3600 },
  EnableManagedSpotTraining: false,
  SecondaryStatusTransitions: [{ Status: 'Training', StartTime: at }],
}

const transformSummary = {
  TransformJobName: 'birds-1',
  TransformJobStatus: 'InProgress',
  ModelName: 'cifar10@production',
  CreationTime: at,
}
const transform = {
  ...transformSummary,
  ModelVersion: 2,
  BatchStrategy: 'MultiRecord',
  TransformStartTime: at,
  Failures: [],
  TransformInput: { DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 'datasets/birds.zip' } } },
  TransformOutput: { Accept: 'application/jsonlines' },
  TransformResources: { InstanceType: 'ml.m5.large', InstanceCount: 1 },
  Progress: { Inputs: 10_000, Done: 2048, Failed: 0, Parts: 10, PartsDone: 2 },
}

const key = { id: sha256, name: 'web-shop', rights: ['data'], models: ['cifar10'], quota: 100_000 }

export const answerExamples: Readonly<Partial<Record<Operation, unknown>>> = {
  modelMetadata: metadata,
  createPrediction: prediction,
  getPrediction: {
    ...prediction,
    status: 'succeeded',
    completed_at: at,
    output: { predictions: [[0.1, 0.9]] },
    metrics: { predict_time: 0.002, total_time: 0.04, cost: 1e-7 },
  },
  cancelPrediction: { ...prediction, status: 'canceled', completed_at: at },
  inferenceStatistics: statistics,
  shadowReport: {
    alias: 'production',
    shadow: 3,
    comparisons: [
      {
        primary: { version: 2, ms: 410 },
        shadow: { version: 3, ms: 395 },
        requests: 200,
        failed: 0,
        rows: 200,
        agreed: 196,
        largestDifference: 0.21,
      },
    ],
  },
  getModel: model,
  listVersions: { versions: [manifest] },
  getVersion: manifest,
  getEvaluation: {
    task: 'classification',
    split: 'test',
    examples: 2,
    loss: 0.4,
    accuracy: 1,
    topK: { 1: 1 },
    labels: ['cat', 'dog'],
    perClass: [{ label: 'cat', support: 1, precision: 1, recall: 1, f1: 1 }],
    confusion: [
      [1, 0],
      [0, 1],
    ],
    calibration: { expectedError: 0.1, bins: [{ from: 0.9, to: 1, count: 2, confidence: 0.9, accuracy: 1 }] },
    mistakes: [],
  },
  getHistory: {
    epochs: [{ loss: 1.5, accuracy: 0.45, val_loss: 1.2, val_accuracy: 0.56 }],
    bestEpoch: 1,
    notices: [],
  },
  listAliases: { aliases: [alias] },
  getAlias: alias,
  moveAlias: alias,
  signParts: {
    parts: [{ number: 1, url: '/uploads/…/parts/1?signature=…', headers: { 'content-length': '1048576' } }],
  },
  completeUpload: {
    id: '0f343b0931126a20f133d67c2b018a3b',
    key: 'datasets/birds.zip',
    size: 1_048_576,
    sha256,
    status: 'complete',
    part_bytes: 1_048_576,
    parts: 1,
    received: [1],
  },
  listImports: { imports: [{ ...imported, status: 'registered', version: 1 }] },
  completeImport: imported,
  getConversion: {
    source: 'Keras 3.15.1, HDF5',
    layers: [{ name: 'conv2d', className: 'Conv2D', status: 'supported' }],
    notes: [],
  },
  getCertificate: certificate,
  verifyVersion: certificate,
  createTrainingJob: job,
  listTrainingJobs: { TrainingJobSummaries: [summary] },
  describeTrainingJob: job,
  stopTrainingJob: { ...job, TrainingJobStatus: 'Stopping', SecondaryStatus: 'Stopping' },
  readTrainingJobLogs: { lines: [{ id: '0001-000000-000003', text: 'epoch 1 of 10' }], done: false },
  readTrainingJobEvents: {
    events: [
      {
        id: '0001-000000-000004',
        attempt: 1,
        data: { event: 'checkpoint', at, epoch: 1, path: 'checkpoints/1' },
      },
    ],
    done: false,
  },
  createTransformJob: transform,
  listTransformJobs: { TransformJobSummaries: [transformSummary] },
  describeTransformJob: transform,
  stopTransformJob: { ...transform, TransformJobStatus: 'Stopping' },
  listKeys: { keys: [{ ...key, usage: { month: '2026-11', requests: 812, cost: 0.0004 } }] },
  createKey: { ...key, key: 'maas_…' },
}
