/** Routes of predictions: TensorFlow Serving's, answers that come later, and SageMaker's InvokeEndpoint. */
import { imageUploadSchema } from './images.ts'
import { predictionRequestSchema, predictionSchema } from './predictions.ts'
import type { PredictionOperation, Route } from './route.ts'
import { images, invocation, json } from './route-forms.ts'
import * as serving from './serving.ts'

/** A data-plane operation answers for the highest version, for a given one, and for the one an alias means. */
const addressed = (
  suffix: string,
  route: Pick<Route, 'operation' | 'method' | 'summary' | 'request' | 'response' | 'also' | 'examples'>,
): Route[] =>
  ['', '/versions/{version}', '/labels/{label}'].map((address) => ({
    ...route,
    path: `/v1/models/{model}${address}${suffix}`,
    owner: 'predict',
    right: 'data',
    dialect: 'serving',
  }))

/** Predictions as resources. */
const deferred = (
  list: readonly (Omit<Route, 'owner' | 'right' | 'dialect' | 'operation'> & { operation: PredictionOperation })[],
): Route[] => list.map((route) => ({ ...route, owner: 'predict', right: 'data', dialect: 'control' }))

/** With `Prefer: respond-async`. */
const later: Route['also'] = [{ status: 202, as: 'createPrediction' }]

export const servingRoutes: readonly Route[] = [
  {
    operation: 'health',
    method: 'GET',
    path: '/healthz',
    owner: 'predict',
    right: 'none',
    dialect: 'serving',
    summary: 'Whether the service is up, and which versions it holds in memory.',
    response: json(serving.healthSchema),
    examples: { response: { status: 'ok', loaded: ['cifar10:3'] } },
  },
  ...addressed('', {
    operation: 'modelStatus',
    method: 'GET',
    summary: 'The versions that can be asked, as TensorFlow Serving reports them.',
    response: json(serving.modelStatusSchema),
    examples: {
      response: {
        model_version_status: [{ version: '3', state: 'AVAILABLE', status: { error_code: 'OK', error_message: '' } }],
      },
    },
  }),
  ...addressed('/metadata', {
    operation: 'modelMetadata',
    method: 'GET',
    summary: 'Names, dtypes and shapes of inputs and outputs.',
    response: json(serving.modelMetadataSchema),
  }),
  ...addressed(':predict', {
    operation: 'predict',
    method: 'POST',
    summary: 'Runs the model on tensors, table rows, base64 images, or one image as the raw body.',
    request: { 'application/json': serving.predictRequestSchema, ...images },
    response: json(serving.predictResponseSchema),
    also: later,
    examples: {
      request: {
        instances: [
          [1, 2],
          [3, 4],
        ],
      },
      response: {
        predictions: [
          [0.1, 0.9],
          [0.7, 0.3],
        ],
      },
    },
  }),
  ...addressed(':classify', {
    operation: 'classify',
    method: 'POST',
    summary: 'Labels and scores, best first; of feature objects, or of one image as the raw body.',
    request: { 'application/json': serving.classifyRequestSchema, ...images },
    response: json(serving.classifyResponseSchema),
    also: later,
    examples: {
      request: { examples: [{ x: [1, 2] }] },
      response: {
        results: [
          [
            ['cat', 0.93],
            ['dog', 0.07],
          ],
        ],
      },
    },
  }),
  ...addressed(':regress', {
    operation: 'regress',
    method: 'POST',
    summary: 'One number for each example: feature objects, or one image as the raw body.',
    request: { 'application/json': serving.classifyRequestSchema, ...images },
    response: json(serving.regressResponseSchema),
    also: later,
    examples: { request: { examples: [{ x: [1, 2] }] }, response: { results: [0.5] } },
  }),
  {
    operation: 'uploadImage',
    method: 'POST',
    path: '/images',
    owner: 'predict',
    right: 'data',
    dialect: 'control',
    summary:
      'Keeps one image for a week, so that requests of the same key can name it: `{"upload": id}` in place of `{"b64": …}`, or a form field `upload`.',
    request: { 'image/jpeg': 'binary', 'image/png': 'binary', 'image/webp': 'binary' },
    response: json(imageUploadSchema, 201),
    examples: {
      response: {
        id: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
        size: 1024,
        expires_at: '2026-12-01T12:00:00.000Z',
      },
    },
  },
  ...deferred([
    {
      operation: 'createPrediction',
      method: 'POST',
      path: '/predictions',
      summary: 'Asks for a prediction that is answered later; `Prefer: wait=n` waits up to n seconds for it.',
      request: { 'application/json': predictionRequestSchema },
      response: json(predictionSchema, 202),
      also: [{ status: 200, as: 'createPrediction' }],
      examples: {
        request: { operation: 'predict', model: 'cifar10@production', input: { instances: [[1, 2]] } },
      },
    },
    {
      operation: 'getPrediction',
      method: 'GET',
      path: '/predictions/{id}',
      summary: 'How a prediction that was asked for stands, and its output when it is there.',
      response: json(predictionSchema),
    },
    {
      operation: 'cancelPrediction',
      method: 'POST',
      path: '/predictions/{id}/cancel',
      summary: 'Cancels a prediction that is not over yet.',
      response: json(predictionSchema),
    },
  ]),
  {
    operation: 'invokeEndpoint',
    method: 'POST',
    path: '/endpoints/{endpoint}/invocations',
    owner: 'predict',
    right: 'data',
    dialect: 'sagemakerRuntime',
    summary:
      "SageMaker's InvokeEndpoint for unmodified clients: the endpoint is `name`, `name@alias` or `name:version`, or `name` with an alias or version as TargetVariant; the key is the session token. JSON, JSON lines, CSV, NumPy arrays and images, answered as `Accept` says.",
    ...invocation,
  },
]
