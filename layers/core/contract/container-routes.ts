/** Routes of the container that serves one model as SageMaker asks for it; other deployments do not have them. */
import * as z from 'zod'
import type { Route } from './route.ts'
import { invocation, json } from './route-forms.ts'
import { servingErrorSchema } from './serving.ts'

export const containerRoutes: readonly Route[] = [
  {
    operation: 'ping',
    method: 'GET',
    path: '/ping',
    owner: 'predict',
    right: 'none',
    dialect: 'serving',
    summary: 'Answers 200 once the model is in memory, 503 before.',
    response: json(z.union([z.object({ status: z.literal('ok') }), servingErrorSchema])),
    examples: { response: { status: 'ok' } },
  },
  {
    operation: 'invocations',
    method: 'POST',
    path: '/invocations',
    owner: 'predict',
    right: 'none',
    dialect: 'serving',
    summary: 'Runs the model on JSON, JSON lines, CSV, a NumPy array or images; answers as `Accept` says.',
    ...invocation,
  },
]
