/** Forms that routes share: JSON answers, pages, image bodies, and who answers with which right. */
import type { z } from 'zod'
import type { Contents, Route } from './route.ts'
import { invocationRequestSchema, predictResponseSchema } from './serving.ts'

export const json = (schema: z.ZodType, status = 200) => ({ status, contents: { 'application/json': schema } })

export const page = { status: 200, contents: { 'text/html': 'binary' } } as const

export const images: Contents = {
  'image/jpeg': 'binary',
  'image/png': 'binary',
  'image/webp': 'binary',
  /** One image for each part that is a file, in order. */
  'multipart/form-data': 'binary',
}

/** What SageMaker's clients send to an endpoint and read from it; JSON unless they say otherwise. */
export const invocation: Pick<Route, 'request' | 'response' | 'examples'> = {
  request: {
    'application/json': invocationRequestSchema,
    'application/jsonlines': 'binary',
    'text/csv': 'binary',
    'application/x-npy': 'binary',
    ...images,
    /** Any image file. */
    'application/x-image': 'binary',
  },
  response: {
    status: 200,
    contents: {
      'application/json': predictResponseSchema,
      'application/jsonlines': 'binary',
      'text/csv': 'binary',
      'application/x-npy': 'binary',
    },
  },
  examples: { request: { instances: [[1, 2]] }, response: { predictions: [[0.1, 0.9]] } },
}

/** Changes or tells what the control plane holds. */
export const managed = (route: Omit<Route, 'owner' | 'right' | 'dialect'>): Route => ({
  ...route,
  owner: 'api',
  right: 'control',
  dialect: 'control',
})

/** What anybody may read: pages and documents without a secret in them. */
export const open = (route: Omit<Route, 'method' | 'owner' | 'right' | 'dialect'>): Route => ({
  ...route,
  method: 'GET',
  owner: 'api',
  right: 'none',
  dialect: 'control',
})
