/** Routes of the service itself: keys, metrics, and the pages and documents that anybody may read. */
import * as z from 'zod'
import * as control from './control.ts'
import type { Route } from './route.ts'
import { json, managed, open, page } from './route-forms.ts'

/** The table of keys is open to one function, which has no other routes. */
const aboutKeys = (route: Parameters<typeof managed>[0]): Route => ({ ...managed(route), owner: 'keys' })

export const serviceRoutes: readonly Route[] = [
  aboutKeys({
    operation: 'listKeys',
    method: 'GET',
    path: '/keys',
    summary: 'All keys with their rights, limits and what they used this month; never the keys themselves.',
    response: json(control.keyListSchema),
  }),
  aboutKeys({
    operation: 'createKey',
    method: 'POST',
    path: '/keys',
    summary: 'Makes a key; the answer is the only time it is shown.',
    request: { 'application/json': control.newKeySchema },
    response: json(control.createdKeySchema, 201),
    examples: { request: { name: 'web-shop', rights: ['data'], models: ['cifar10'], quota: 100_000 } },
  }),
  aboutKeys({
    operation: 'revokeKey',
    method: 'DELETE',
    path: '/keys/{key}',
    summary: 'Ends a key for good.',
    response: { status: 204, contents: {} },
  }),
  {
    ...managed({
      operation: 'metrics',
      method: 'GET',
      path: '/metrics',
      summary: 'Requests, latency, errors and throttles as OpenMetrics. On one machine; on AWS they are in CloudWatch.',
      response: { status: 200, contents: { 'application/openmetrics-text': 'binary' } },
    }),
    only: 'local',
  },
  open({
    operation: 'openApi',
    path: '/openapi.json',
    summary: 'This contract as OpenAPI 3.1.',
    response: json(z.record(z.string(), z.unknown())),
  }),
  open({
    operation: 'docs',
    path: '/docs',
    summary: 'This contract as a page to read.',
    response: page,
  }),
  open({
    operation: 'playground',
    path: '/',
    summary: 'A page to look at models, try them, move aliases and watch training jobs.',
    response: page,
  }),
  open({
    operation: 'playgroundAsset',
    path: '/playground/{asset}',
    summary: 'Script, style and icon of that page.',
    response: {
      status: 200,
      contents: { 'text/javascript': 'binary', 'text/css': 'binary', 'image/svg+xml': 'binary' },
    },
  }),
]
