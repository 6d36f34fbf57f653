/** Routes of batch transform. */
import type { Route } from './route.ts'
import { json, managed } from './route-forms.ts'
import * as transform from './transform.ts'

export const transformRoutes: readonly Route[] = [
  managed({
    operation: 'createTransformJob',
    method: 'POST',
    path: '/transform-jobs',
    summary:
      "Predicts all of a data set: CreateTransformJob's fields, an input below datasets/ or uploads/. The same document again answers 200 with the same job.",
    request: { 'application/json': transform.createTransformSchema },
    response: json(transform.transformDescriptionSchema, 201),
    also: [{ status: 200, as: 'createTransformJob' }],
    examples: {
      request: {
        TransformJobName: 'holiday-photos-1',
        ModelName: 'cifar10@production',
        TransformInput: { DataSource: { S3DataSource: { S3Uri: 'datasets/holiday.zip' } } },
        TransformOutput: { Accept: 'text/csv' },
      },
    },
  }),
  managed({
    operation: 'listTransformJobs',
    method: 'GET',
    path: '/transform-jobs',
    summary: 'Transform jobs, newest first; `NextToken` of one page asks for the next.',
    query: transform.transformQuerySchema,
    response: json(transform.transformListSchema),
  }),
  managed({
    operation: 'describeTransformJob',
    method: 'GET',
    path: '/transform-jobs/{job}',
    summary: 'One transform job: its document, how far it is, and the first inputs that failed.',
    response: json(transform.transformDescriptionSchema),
  }),
  managed({
    operation: 'stopTransformJob',
    method: 'POST',
    path: '/transform-jobs/{job}/stop',
    summary: 'Asks a transform job to end; what is predicted by then can be read.',
    response: json(transform.transformDescriptionSchema, 202),
  }),
  managed({
    operation: 'readTransformOutput',
    method: 'GET',
    path: '/transform-jobs/{job}/output',
    summary: 'A line for each input, in order: its id, and the prediction or what was wrong with it.',
    response: { status: 200, contents: { 'application/jsonlines': 'binary', 'text/csv': 'binary' } },
    streamed: true,
  }),
]
