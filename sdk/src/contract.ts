/** The contract's nouns by the names that people use, from the types that OpenAPI gives. */
import type * as api from './openapi.ts'

export type ModelSummary = api.GetModelResponse
export type Manifest = api.GetVersionResponse
export type Evaluation = api.GetEvaluationResponse
export type Conversion = api.GetConversionResponse
export type Certificate = api.GetCertificateResponse
export type AliasRecord = api.GetAliasResponse
export type AliasTarget = AliasRecord['targets'][number]
export type ImportRequest = api.CreateImportRequest
export type Import = api.GetImportResponse
export type Upload = api.GetUploadResponse
export type SignedPart = api.SignPartsResponse['parts'][number]
export type ApiKey = api.CreateKeyRequest
export type KeySummary = api.ListKeysResponse['keys'][number]
export type JobDescription = api.DescribeTrainingJobResponse
export type JobList = api.ListTrainingJobsResponse
export type JobLog = api.ReadTrainingJobLogsResponse
export type JobEvents = api.ReadTrainingJobEventsResponse
/** CreateTransformJob's fields. */
export type TransformDocument = api.CreateTransformJobRequest
export type TransformDescription = api.DescribeTransformJobResponse
export type TransformList = api.ListTransformJobsResponse

/** One input or output; -1 is a dimension of any size, the first of all is the batch. */
export interface TensorSpec {
  name: string
  dtype: 'float32' | 'int32' | 'bool' | 'uint8' | 'string'
  shape: number[]
}

/** What a model takes and gives, in the model's own order. */
export interface Signature {
  inputs: TensorSpec[]
  outputs: TensorSpec[]
}
