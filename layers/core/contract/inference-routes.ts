/** Routes of the Open Inference Protocol. */
import * as inference from './inference.ts'
import type { Route } from './route.ts'
import { json } from './route-forms.ts'

const data = { owner: 'predict', right: 'data', dialect: 'serving' } as const

/** Answers for the highest version, or for a version or alias named where the protocol has the version. */
const addressed = (
  suffix: string,
  route: Pick<Route, 'operation' | 'method' | 'summary' | 'request' | 'response' | 'examples'>,
): Route[] =>
  ['', '/versions/{release}'].map((address) => ({
    ...route,
    ...data,
    path: `/v2/models/{model}${address}${suffix}`,
  }))

const open = { method: 'GET', owner: 'predict', right: 'none', dialect: 'serving' } as const

export const inferenceRoutes: readonly Route[] = [
  {
    ...open,
    operation: 'inferenceServer',
    path: '/v2',
    summary: 'Name, version and extensions of this server.',
    response: json(inference.inferenceServerSchema),
    examples: {
      response: { name: 'maas', version: '0.1.0', extensions: ['binary_tensor_data', 'classification', 'statistics'] },
    },
  },
  {
    ...open,
    operation: 'inferenceLive',
    path: '/v2/health/live',
    summary: 'Whether the process is up.',
    response: json(inference.inferenceLiveSchema),
    examples: { response: { live: true } },
  },
  {
    ...open,
    operation: 'inferenceReady',
    path: '/v2/health/ready',
    summary: 'Whether it takes requests.',
    response: json(inference.inferenceReadySchema),
    examples: { response: { ready: true } },
  },
  ...addressed('', {
    operation: 'inferenceModel',
    method: 'GET',
    summary: 'Versions of a model, and names, datatypes and shapes of its inputs and outputs.',
    response: json(inference.inferenceModelSchema),
    examples: {
      response: {
        name: 'cifar10',
        versions: ['2', '1'],
        platform: 'tensorflowjs_layers',
        inputs: [{ name: 'conv2d_input', datatype: 'FP32', shape: [-1, 32, 32, 3] }],
        outputs: [{ name: 'dense_1', datatype: 'FP32', shape: [-1, 10] }],
      },
    },
  }),
  ...addressed('/ready', {
    operation: 'inferenceModelReady',
    method: 'GET',
    summary: 'Loads the model when it is not in memory, and says when it can answer at once.',
    response: json(inference.inferenceModelReadySchema),
    examples: { response: { name: 'cifar10', ready: true } },
  }),
  ...addressed('/infer', {
    operation: 'infer',
    method: 'POST',
    summary:
      'Runs the model on tensors, as JSON or as bytes behind the JSON (`Inference-Header-Content-Length`); on encoded images as BYTES.',
    request: { 'application/json': inference.inferRequestSchema, 'application/octet-stream': 'binary' },
    response: {
      status: 200,
      contents: { 'application/json': inference.inferResponseSchema, 'application/octet-stream': 'binary' },
    },
    examples: {
      request: { id: 'one', inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] },
      response: {
        model_name: 'sums',
        model_version: '2',
        id: 'one',
        outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 2], data: [3, -1] }],
      },
    },
  }),
  ...addressed('/stats', {
    operation: 'inferenceStatistics',
    method: 'GET',
    summary: 'How many requests this process answered for a model and where their time went, in nanoseconds.',
    response: json(inference.inferenceStatisticsSchema),
  }),
  {
    ...data,
    operation: 'repositoryIndex',
    method: 'POST',
    path: '/v2/repository/index',
    summary: 'All versions of all models that the key may ask, and which are in memory.',
    request: { 'application/json': inference.repositoryIndexRequestSchema },
    bodyOptional: true,
    response: json(inference.repositoryIndexSchema),
    examples: {
      request: { ready: false },
      response: [{ name: 'cifar10', version: '2', state: 'READY', reason: '' }],
    },
  },
]
