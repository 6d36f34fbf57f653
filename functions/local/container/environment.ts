/** Reads the container's environment, once; the names are SageMaker's where it has some. */
import { checked, modelNameSchema } from '@maas/core/contract'
import * as z from 'zod'

export interface Environment {
  /** Folder with the model. */
  readonly models: string
  /** What `/v1` and `/v2` call it. */
  readonly name: string
  readonly port: number
  /** Of a request's body. */
  readonly bodyBytes: number
}

const mebibyte = 1024 * 1024

const schema = z.object({
  /** Where SageMaker unpacks `model.tar.gz`. */
  SM_MODEL_DIR: z.string().min(1).default('/opt/ml/model'),
  /** Set where several containers share a host. */
  SAGEMAKER_BIND_TO_PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  /** Set by batch transform; endpoints take 25. */
  SAGEMAKER_MAX_PAYLOAD_IN_MB: z.coerce.number().int().min(1).max(100).default(25),
  MAAS_MODEL_NAME: modelNameSchema.default('model'),
})

/** InvalidInputError names the variable. */
export const readEnvironment = (env: NodeJS.ProcessEnv): Environment => {
  const given = Object.fromEntries(Object.keys(schema.shape).flatMap((name) => (env[name] ? [[name, env[name]]] : [])))
  const read = checked(schema, given, 'environment')
  return {
    models: read.SM_MODEL_DIR,
    name: read.MAAS_MODEL_NAME,
    port: read.SAGEMAKER_BIND_TO_PORT,
    bodyBytes: read.SAGEMAKER_MAX_PAYLOAD_IN_MB * mebibyte,
  }
}
