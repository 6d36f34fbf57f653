/** Routes of models, their versions and their aliases. */
import * as control from './control.ts'
import { evaluationSchema, historySchema } from './evaluation.ts'
import type { Route } from './route.ts'
import { json, managed, page } from './route-forms.ts'
import { aliasRecordSchema, manifestSchema } from './version.ts'

export const modelRoutes: readonly Route[] = [
  managed({
    operation: 'listModels',
    method: 'GET',
    path: '/models',
    summary: 'All models with their versions and aliases.',
    response: json(control.modelListSchema),
    examples: {
      response: {
        models: [{ name: 'cifar10', versions: [1, 2], aliases: { production: [{ version: 2, weight: 100 }] } }],
      },
    },
  }),
  managed({
    operation: 'getModel',
    method: 'GET',
    path: '/models/{model}',
    summary: 'One model with its versions and aliases.',
    response: json(control.modelSummarySchema),
  }),
  managed({
    operation: 'listVersions',
    method: 'GET',
    path: '/models/{model}/versions',
    summary: 'Manifests of all versions, newest first.',
    response: json(control.versionListSchema),
  }),
  managed({
    operation: 'getVersion',
    method: 'GET',
    path: '/models/{model}/versions/{version}',
    summary: 'The manifest: files and their hashes, metrics, lineage.',
    response: json(manifestSchema),
  }),
  managed({
    operation: 'deleteVersion',
    method: 'DELETE',
    path: '/models/{model}/versions/{version}',
    summary: 'Deletes a version that no alias points at.',
    response: { status: 204, contents: {} },
  }),
  managed({
    operation: 'getEvaluation',
    method: 'GET',
    path: '/models/{model}/versions/{version}/evaluation',
    summary: 'What evaluation measured.',
    response: json(evaluationSchema),
  }),
  managed({
    operation: 'getReport',
    method: 'GET',
    path: '/models/{model}/versions/{version}/report',
    summary: 'The evaluation as a self-contained page.',
    response: page,
    streamed: true,
  }),
  managed({
    operation: 'getHistory',
    method: 'GET',
    path: '/models/{model}/versions/{version}/history',
    summary: 'Metrics of each epoch of its training, and what the run had to say.',
    response: json(historySchema),
  }),
  managed({
    operation: 'listAliases',
    method: 'GET',
    path: '/models/{model}/aliases',
    summary: 'All aliases with their history.',
    response: json(control.aliasListSchema),
  }),
  managed({
    operation: 'getAlias',
    method: 'GET',
    path: '/models/{model}/aliases/{alias}',
    summary: 'One alias with its history; its ETag is the generation.',
    response: json(aliasRecordSchema),
  }),
  managed({
    operation: 'moveAlias',
    method: 'PUT',
    path: '/models/{model}/aliases/{alias}',
    summary:
      'Creates or moves an alias; `If-Match: "generation"` makes it fail when somebody else moved it first. 409 with `Retry-After`: the certificate of a version is replayed on the kernels in force first.',
    request: { 'application/json': control.aliasMoveSchema },
    response: json(aliasRecordSchema),
    examples: { request: { version: 2, reason: 'better on the test set' } },
  }),
  managed({
    operation: 'deleteAlias',
    method: 'DELETE',
    path: '/models/{model}/aliases/{alias}',
    summary: 'Deletes an alias; the versions it pointed at stay.',
    response: { status: 204, contents: {} },
  }),
  {
    operation: 'shadowReport',
    method: 'GET',
    path: '/models/{model}/aliases/{alias}/shadow',
    owner: 'predict',
    right: 'control',
    dialect: 'control',
    summary: "How an alias's shadow compares on the requests of this process: agreement, differences, time.",
    response: json(control.shadowReportSchema),
  },
]
