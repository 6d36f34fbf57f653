/** SageMaker's InvokeEndpoint: an endpoint is a model, with an alias or version behind its name or in a header. */
import { checked, modelNameSchema, type PathParameters, parseReference, pathParameters } from '@maas/core/contract'
import { InvalidInputError } from '@maas/core/errors'
import type { Call, Handler, Reply } from '@maas/core/http'

const variantHeader = 'x-amzn-sagemaker-target-variant'

/** `name`, `name@alias` or `name:version`; or `name` and TargetVariant, which is an alias or a version. */
export const parametersOf = (endpoint: string, variant: string | null): PathParameters => {
  const { name, alias, version } = parseReference(endpoint)
  if (variant === null) {
    return { model: name, ...(version !== undefined && { version }), ...(alias !== undefined && { label: alias }) }
  }
  if (alias !== undefined || version !== undefined)
    throw new InvalidInputError(
      `TargetVariant: got "${variant.slice(0, 80)}", and the endpoint "${endpoint}" names one already; give one of both`,
      { param: 'TargetVariant' },
    )
  const model = checked(modelNameSchema, name, 'EndpointName')
  return /^\d+$/.test(variant)
    ? { model, version: checked(pathParameters.version, variant, 'TargetVariant') }
    : { model, label: checked(pathParameters.label, variant, 'TargetVariant') }
}

/** Its clients send bytes without a type unless told: those are JSON, as with our other routes. */
export const invokeHandler =
  (predict: Handler): Handler =>
  async (call: Call): Promise<Reply> => {
    const params = parametersOf(call.params.endpoint ?? '', call.headers.get(variantHeader))
    const reply = await predict({ ...call, params })
    const version = reply.headers?.['x-maas-model-version'] ?? ''
    return { ...reply, headers: { ...reply.headers, 'x-amzn-invoked-production-variant': version } }
  }
