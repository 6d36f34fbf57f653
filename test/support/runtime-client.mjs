// Stands in for aws-lambda-ric where that was not built: the same four calls, in as many lines as they need.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const api = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`
const post = (path, body) => fetch(`${api}/${path}`, { method: 'POST', body: JSON.stringify(body) })
const failure = (error) => ({ errorType: error.name, errorMessage: error.message, trace: [] })

const [file, name] = process.argv[2].split('.')
const load = () => import(pathToFileURL(join(process.env.LAMBDA_TASK_ROOT, `${file}.mjs`)).href)
const { [name]: handler } = await load().catch(async (error) => {
  await post('init/error', failure(error))
  throw error
})

for (;;) {
  const next = await fetch(`${api}/invocation/next`)
  const awsRequestId = next.headers.get('lambda-runtime-aws-request-id')
  const deadline = Number(next.headers.get('lambda-runtime-deadline-ms'))
  const context = {
    awsRequestId,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: '1',
    memoryLimitInMB: '2048',
    invokedFunctionArn: next.headers.get('lambda-runtime-invoked-function-arn'),
    getRemainingTimeInMillis: () => deadline - Date.now(),
  }
  try {
    await post(`invocation/${awsRequestId}/response`, (await handler(await next.json(), context)) ?? null)
  } catch (error) {
    await post(`invocation/${awsRequestId}/error`, failure(error))
  }
}
