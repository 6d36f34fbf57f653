/** Routes of training jobs, in plain REST and in SageMaker's wire form. */
import * as z from 'zod'
import * as jobs from './job-record.ts'
import { createJobSchema } from './job-request.ts'
import type { Route } from './route.ts'
import { json, managed } from './route-forms.ts'

export const jobRoutes: readonly Route[] = [
  managed({
    operation: 'createTrainingJob',
    method: 'POST',
    path: '/training-jobs',
    summary:
      "Starts a training job: CreateTrainingJob's fields. The same document again answers 200 with the same job.",
    request: { 'application/json': createJobSchema },
    response: json(jobs.jobDescriptionSchema, 201),
    also: [{ status: 200, as: 'createTrainingJob' }],
    examples: {
      request: {
        TrainingJobName: 'cifar10-1',
        HyperParameters: {
          maas_preset: 'cifar10-cnn',
          epochs: '10',
          maas_model_name: 'cifar10',
          maas_alias: 'production',
        },
        InputDataConfig: [{ ChannelName: 'train', DataSource: { S3DataSource: { S3Uri: 'datasets/cifar10.zip' } } }],
      },
    },
  }),
  managed({
    operation: 'listTrainingJobs',
    method: 'GET',
    path: '/training-jobs',
    summary: 'Training jobs, newest first; `NextToken` of one page asks for the next.',
    query: jobs.jobQuerySchema,
    response: json(jobs.jobListSchema),
  }),
  managed({
    operation: 'describeTrainingJob',
    method: 'GET',
    path: '/training-jobs/{job}',
    summary: 'One job: its document, its course, what it cost, and the version it became.',
    response: json(jobs.jobDescriptionSchema),
  }),
  managed({
    operation: 'stopTrainingJob',
    method: 'POST',
    path: '/training-jobs/{job}/stop',
    summary: 'Asks a job to write a checkpoint and end.',
    response: json(jobs.jobDescriptionSchema, 202),
  }),
  managed({
    operation: 'readTrainingJobLogs',
    method: 'GET',
    path: '/training-jobs/{job}/logs',
    summary: 'What the container printed, line by line.',
    query: jobs.jobLogQuerySchema,
    response: json(jobs.jobLogSchema),
  }),
  managed({
    operation: 'readTrainingJobEvents',
    method: 'GET',
    path: '/training-jobs/{job}/events',
    summary: 'Steps, epochs and notices of the training; with `Accept: text/event-stream` as they come.',
    query: jobs.jobLogQuerySchema,
    response: { status: 200, contents: { 'application/json': jobs.jobEventsSchema, 'text/event-stream': 'binary' } },
    streamed: true,
  }),
  {
    operation: 'sagemaker',
    method: 'POST',
    path: '/sagemaker',
    owner: 'api',
    right: 'control',
    dialect: 'sagemaker',
    summary:
      "SageMaker's wire form for unmodified clients (`endpoint_url=…/sagemaker`): CreateTrainingJob, DescribeTrainingJob, ListTrainingJobs, StopTrainingJob in `X-Amz-Target`; the key is the session token.",
    request: { 'application/x-amz-json-1.1': 'binary' },
    response: json(z.record(z.string(), z.unknown())),
    examples: { request: { MaxResults: 10 }, headers: { 'x-amz-target': 'SageMaker.ListTrainingJobs' } },
  },
]
