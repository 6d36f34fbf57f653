/** Written by `npm run docs` from openapi.json; do not edit. Bodies by name, and what each operation takes and answers. */
export type HealthResponse = {
  status: 'ok'
  loaded: string[]
}
export type ModelStatusResponse = {
  model_version_status: {
    version: string
    state: 'START' | 'LOADING' | 'AVAILABLE' | 'UNLOADING' | 'END'
    status: {
      error_code: string
      error_message: string
    }
  }[]
}
export type ModelMetadataResponse = {
  model_spec: {
    name: string
    signature_name: string
    version: string
  }
  metadata: {
    signature_def: {
      signature_def: Record<string, {
        inputs: Record<string, {
          dtype: string
          tensor_shape: {
            dim: {
              size: string
              name: string
            }[]
            unknown_rank: boolean
          }
          name: string
        }>
        outputs: Record<string, {
          dtype: string
          tensor_shape: {
            dim: {
              size: string
              name: string
            }[]
            unknown_rank: boolean
          }
          name: string
        }>
        method_name: string
      }>
    }
  }
}
export type PredictRequest = {
  signature_name?: 'serving_default' | undefined
  instances?: unknown[] | undefined
  inputs?: unknown | undefined
}
export type PredictResponse = {
  predictions: unknown[]
} | {
  outputs: unknown[] | Record<string, unknown>
}
export type ClassifyRequest = {
  signature_name?: 'serving_default' | undefined
  context?: Record<string, unknown> | undefined
  examples: unknown[]
}
export type ClassifyResponse = {
  results: [string, number][][]
}
export type RegressRequest = ClassifyRequest
export type RegressResponse = {
  results: number[]
}
export type UploadImageResponse = {
  id: string
  size: number
  expires_at: string
}
export type CreatePredictionRequest = {
  operation: 'predict'
  model: string
  input: {
    signature_name?: 'serving_default' | undefined
    instances?: unknown[] | undefined
    inputs?: unknown | undefined
  }
  webhook?: string | undefined
  webhook_events_filter?: ('start' | 'completed')[] | undefined
} | {
  operation: 'classify'
  model: string
  input: {
    signature_name?: 'serving_default' | undefined
    context?: Record<string, unknown> | undefined
    examples: unknown[]
  }
  webhook?: string | undefined
  webhook_events_filter?: ('start' | 'completed')[] | undefined
}
export type CreatePredictionResponse = {
  id: string
  model: string
  status: 'starting' | 'processing' | 'succeeded' | 'failed' | 'canceled'
  created_at: string
  started_at?: string | undefined
  completed_at?: string | undefined
  expires_at: string
  output?: unknown | undefined
  error?: {
    status: number
    message: string
  } | undefined
  metrics?: {
    predict_time: number
    total_time: number
    cost?: number | undefined
  } | undefined
  webhook_delivery?: string | undefined
  urls: {
    get: string
    cancel: string
  }
}
export type GetPredictionResponse = CreatePredictionResponse
export type CancelPredictionResponse = CreatePredictionResponse
export type InvokeEndpointRequest = {
  signature_name?: 'serving_default' | undefined
  instances?: unknown[] | undefined
  inputs?: unknown | undefined
} | unknown[]
export type InvokeEndpointResponse = PredictResponse
export type InferenceServerResponse = {
  name: string
  version: string
  extensions: string[]
}
export type InferenceLiveResponse = {
  live: boolean
}
export type InferenceReadyResponse = {
  ready: boolean
}
export type InferenceModelResponse = {
  name: string
  versions: string[]
  platform: string
  inputs: {
    name: string
    datatype: string
    shape: number[]
  }[]
  outputs: {
    name: string
    datatype: string
    shape: number[]
  }[]
}
export type InferenceModelReadyResponse = {
  name: string
  ready: boolean
}
export type InferRequest = {
  id?: string | undefined
  parameters?: Record<string, string | number | boolean> | undefined
  inputs: {
    name: string
    shape: number[]
    datatype: string
    parameters?: Record<string, string | number | boolean> | undefined
    data?: unknown[] | undefined
  }[]
  outputs?: {
    name: string
    parameters?: Record<string, string | number | boolean> | undefined
  }[] | undefined
}
export type InferResponse = {
  model_name: string
  model_version: string
  id?: string | undefined
  outputs: {
    name: string
    shape: number[]
    datatype: string
    parameters?: Record<string, string | number | boolean> | undefined
    data?: unknown[] | undefined
  }[]
}
export type InferenceStatisticsResponse = {
  model_stats: {
    name: string
    version: string
    last_inference: number
    inference_count: number
    execution_count: number
    inference_stats: {
      success: {
        count: number
        ns: number
      }
      fail: {
        count: number
        ns: number
      }
      queue: {
        count: number
        ns: number
      }
      compute_input: {
        count: number
        ns: number
      }
      compute_infer: {
        count: number
        ns: number
      }
      compute_output: {
        count: number
        ns: number
      }
      cache_hit: {
        count: number
        ns: number
      }
      cache_miss: {
        count: number
        ns: number
      }
    }
    batch_stats: unknown[]
  }[]
}
export type RepositoryIndexRequest = {
  ready?: boolean | undefined
}
export type RepositoryIndexResponse = {
  name: string
  version: string
  state: 'READY' | 'UNAVAILABLE'
  reason: string
}[]
export type ListModelsResponse = {
  models: {
    name: string
    versions: number[]
    aliases: Record<string, {
      version: number
      weight: number
    }[]>
  }[]
}
export type GetModelResponse = {
  name: string
  versions: number[]
  aliases: Record<string, {
    version: number
    weight: number
  }[]>
}
export type ListVersionsResponse = {
  versions: {
    schema: 1
    name: string
    version: number
    createdAt: string
    description?: string | undefined
    files: {
      path: string
      sha256: string
      size: number
    }[]
    metrics: Record<string, number>
    lineage: {
      source: 'training' | 'import'
      job?: string | undefined
      dataset?: {
        name: string
        fingerprint: string
        examples: number
      } | undefined
      hyperparameters?: Record<string, string> | undefined
      seed?: number | undefined
      code: string
      kernels: string
      file?: string | undefined
      import?: string | undefined
    }
  }[]
}
export type GetVersionResponse = {
  schema: 1
  name: string
  version: number
  createdAt: string
  description?: string | undefined
  files: {
    path: string
    sha256: string
    size: number
  }[]
  metrics: Record<string, number>
  lineage: {
    source: 'training' | 'import'
    job?: string | undefined
    dataset?: {
      name: string
      fingerprint: string
      examples: number
    } | undefined
    hyperparameters?: Record<string, string> | undefined
    seed?: number | undefined
    code: string
    kernels: string
    file?: string | undefined
    import?: string | undefined
  }
}
export type GetEvaluationResponse = {
  task: 'classification'
  split: string
  examples: number
  loss: number
  accuracy: number
  topK: Record<string, number>
  labels: string[]
  perClass: {
    label: string
    support: number
    precision: number
    recall: number
    f1: number
  }[]
  confusion: number[][]
  calibration: {
    expectedError: number
    bins: {
      from: number
      to: number
      count: number
      confidence: number
      accuracy: number
    }[]
  }
  mistakes: {
    index: number
    source?: string | undefined
    expected: string
    predicted: string
    confidence: number
  }[]
} | {
  task: 'regression'
  split: string
  examples: number
  loss: number
  mse: number
  mae: number
  r2: number
  worst: {
    index: number
    source?: string | undefined
    expected: number
    predicted: number
  }[]
  points?: [number, number][] | undefined
}
export type GetHistoryResponse = {
  epochs: Record<string, number>[]
  bestEpoch: number
  notices: {
    level: 'info' | 'warning'
    code: string
    message: string
  }[]
}
export type ListAliasesResponse = {
  aliases: {
    schema: 1
    name: string
    alias: string
    targets: {
      version: number
      weight: number
    }[]
    shadow?: number | undefined
    generation: number
    history: {
      at: string
      by: string
      why: string
      from: {
        version: number
        weight: number
      }[]
      to: {
        version: number
        weight: number
      }[]
      shadow?: number | undefined
    }[]
  }[]
}
export type GetAliasResponse = {
  schema: 1
  name: string
  alias: string
  targets: {
    version: number
    weight: number
  }[]
  shadow?: number | undefined
  generation: number
  history: {
    at: string
    by: string
    why: string
    from: {
      version: number
      weight: number
    }[]
    to: {
      version: number
      weight: number
    }[]
    shadow?: number | undefined
  }[]
}
export type MoveAliasRequest = {
  version?: number | undefined
  targets?: {
    version: number
    weight: number
  }[] | undefined
  shadow?: number | null | undefined
  reason?: string | undefined
}
export type MoveAliasResponse = GetAliasResponse
export type ShadowReportResponse = {
  alias: string
  shadow?: number | undefined
  comparisons: {
    primary: {
      version: number
      ms: number
    }
    shadow: {
      version: number
      ms: number
    }
    requests: number
    failed: number
    rows: number
    agreed: number
    largestDifference: number
  }[]
}
export type CreateUploadRequest = {
  dataset: string
  size: number
  sha256: string
}
export type CreateUploadResponse = {
  id: string
  key: string
  size: number
  sha256: string
  status: 'pending' | 'complete'
  part_bytes: number
  parts: number
  received: number[]
}
export type GetUploadResponse = CreateUploadResponse
export type SignPartsRequest = {
  parts: {
    number: number
    sha256: string
  }[]
}
export type SignPartsResponse = {
  parts: {
    number: number
    url: string
    headers: Record<string, string>
  }[]
}
export type CompleteUploadResponse = CreateUploadResponse
export type CreateImportRequest = {
  model: string
  files: {
    path: string
    size: number
    sha256: string
  }[]
  alias?: string | undefined
  description?: string | undefined
  labels?: string[] | undefined
  preprocess?: {
    kind: 'image'
    height: number
    width: number
    channels: 1 | 3
    decoder?: 'integer-accurate' | undefined
    exif?: 'apply' | 'ignore' | undefined
    alpha?: 'black' | 'white' | 'drop' | undefined
    crop?: 'stretch' | 'center' | undefined
    interpolation?: 'nearest' | 'bilinear' | 'bicubic' | undefined
    antialias?: boolean | undefined
    scale?: number | undefined
    mean?: number[] | undefined
    std?: number[] | undefined
    layout?: 'nhwc' | undefined
  } | {
    kind: 'tabular'
    columns: ({
      name: string
      type: 'number'
      mean: number
      std: number
    } | {
      name: string
      type: 'category'
      values: string[]
    })[]
    target?: {
      name: string
      mean?: number | undefined
      std?: number | undefined
    } | undefined
  } | {
    kind: 'text'
    inputs: Record<string, {
      shape: number[]
      tokenizer?: {
        standardize: 'lower_and_strip_punctuation' | 'lower' | 'strip_punctuation' | 'none'
        split: 'whitespace' | 'character' | 'none'
        ngrams?: number[] | undefined
      } | undefined
      index: {
        kind: 'vocabulary'
        mask: string | null
        unknown: number
        values: string[]
      } | {
        kind: 'hash'
        mask: string | null
        bins: number
        salt: [number, number] | null
      }
      output: 'index' | 'one_hot' | 'multi_hot' | 'count'
      size: number | null
    }>
  } | {
    kind: 'tensor'
  } | undefined
  topology?: string | undefined
  golden?: {
    inputs: string
    outputs: string
    tolerance?: number | undefined
  } | undefined
}
export type CreateImportResponse = {
  id: string
  model: string
  file: string
  status: 'pending' | 'checking' | 'failed' | 'registered'
  created_at: string
  alias?: string | undefined
  version?: number | undefined
  uploads?: {
    id: string
    key: string
    size: number
    sha256: string
    status: 'pending' | 'complete'
    part_bytes: number
    parts: number
    received: number[]
  }[] | undefined
  error?: {
    code: string
    message: string
  } | undefined
  conversion?: {
    source: string
    layers: {
      name: string
      className: string
      status: 'supported' | 'adapted' | 'refused'
      why?: string | undefined
    }[]
    notes: string[]
  } | undefined
  certificate?: {
    schema: 1
    at: string
    kernels: string
    mode: 'compiled' | 'eager'
    source: 'given' | 'generated'
    rows: number
    tolerance: number
    difference: number | null
    passed: boolean
    outputs: {
      name: string
      difference: number | null
    }[]
  } | undefined
}
export type ListImportsResponse = {
  imports: {
    id: string
    model: string
    file: string
    status: 'pending' | 'checking' | 'failed' | 'registered'
    created_at: string
    alias?: string | undefined
    version?: number | undefined
    uploads?: {
      id: string
      key: string
      size: number
      sha256: string
      status: 'pending' | 'complete'
      part_bytes: number
      parts: number
      received: number[]
    }[] | undefined
    error?: {
      code: string
      message: string
    } | undefined
    conversion?: {
      source: string
      layers: {
        name: string
        className: string
        status: 'supported' | 'adapted' | 'refused'
        why?: string | undefined
      }[]
      notes: string[]
    } | undefined
    certificate?: {
      schema: 1
      at: string
      kernels: string
      mode: 'compiled' | 'eager'
      source: 'given' | 'generated'
      rows: number
      tolerance: number
      difference: number | null
      passed: boolean
      outputs: {
        name: string
        difference: number | null
      }[]
    } | undefined
  }[]
}
export type GetImportResponse = CreateImportResponse
export type CompleteImportResponse = CreateImportResponse
export type GetConversionResponse = {
  source: string
  layers: {
    name: string
    className: string
    status: 'supported' | 'adapted' | 'refused'
    why?: string | undefined
  }[]
  notes: string[]
}
export type GetCertificateResponse = {
  golden?: {
    schema: 1
    source: 'given' | 'generated'
    seed?: number | undefined
    tolerance: number
    inputs: {
      name: string
      dtype: 'float32' | 'int32' | 'bool' | 'uint8' | 'string'
      shape: number[]
    }[]
    outputs: {
      name: string
      dtype: 'float32' | 'int32' | 'bool' | 'uint8' | 'string'
      shape: number[]
    }[]
  } | undefined
  replays: {
    schema: 1
    at: string
    kernels: string
    mode: 'compiled' | 'eager'
    source: 'given' | 'generated'
    rows: number
    tolerance: number
    difference: number | null
    passed: boolean
    outputs: {
      name: string
      difference: number | null
    }[]
  }[]
}
export type VerifyVersionResponse = GetCertificateResponse
export type CreateTrainingJobRequest = {
  TrainingJobName: string
  HyperParameters?: Record<string, string> | undefined
  InputDataConfig: {
    ChannelName: 'train' | 'validation' | 'test'
    DataSource: {
      S3DataSource: {
        S3DataType?: 'S3Prefix' | undefined
        S3Uri: string
        S3DataDistributionType?: 'FullyReplicated' | undefined
      }
    }
    ContentType?: string | undefined
    InputMode?: 'File' | undefined
    CompressionType?: 'None' | undefined
    RecordWrapperType?: 'None' | undefined
  }[]
  OutputDataConfig?: {
    S3OutputPath: string
  } | undefined
  ResourceConfig?: {
    InstanceType?: 'ml.m5.large' | 'ml.m5.xlarge' | 'ml.m5.2xlarge' | 'ml.m5.4xlarge' | 'ml.c5.large' | 'ml.c5.xlarge' | 'ml.c5.2xlarge' | 'ml.c5.4xlarge' | undefined
    InstanceCount?: 1 | undefined
    VolumeSizeInGB?: number | undefined
  } | undefined
  StoppingCondition?: {
    MaxRuntimeInSeconds?: number | undefined
    MaxWaitTimeInSeconds?: number | undefined
  } | undefined
  CheckpointConfig?: {
    S3Uri: string
    LocalPath?: '/opt/ml/checkpoints' | undefined
  } | undefined
  EnableManagedSpotTraining?: boolean | undefined
  RoleArn?: string | undefined
  AlgorithmSpecification?: {
    TrainingImage?: string | undefined
    TrainingInputMode?: 'File' | undefined
    EnableSageMakerMetricsTimeSeries?: boolean | undefined
  } | undefined
  EnableNetworkIsolation?: false | undefined
  EnableInterContainerTrafficEncryption?: boolean | undefined
  Tags?: {
    Key: string
    Value: string
  }[] | undefined
}
export type CreateTrainingJobResponse = {
  TrainingJobName: string
  HyperParameters: Record<string, string>
  InputDataConfig: {
    ChannelName: 'train' | 'validation' | 'test'
    DataSource: {
      S3DataSource: {
        S3DataType: 'S3Prefix'
        S3Uri: string
        S3DataDistributionType: 'FullyReplicated'
      }
    }
    ContentType?: string | undefined
    InputMode: 'File'
  }[]
  OutputDataConfig: {
    S3OutputPath: string
  }
  ResourceConfig: {
    InstanceType: 'ml.m5.large' | 'ml.m5.xlarge' | 'ml.m5.2xlarge' | 'ml.m5.4xlarge' | 'ml.c5.large' | 'ml.c5.xlarge' | 'ml.c5.2xlarge' | 'ml.c5.4xlarge'
    InstanceCount: 1
    VolumeSizeInGB: number
  }
  StoppingCondition: {
    MaxRuntimeInSeconds: number
    MaxWaitTimeInSeconds?: number | undefined
  }
  CheckpointConfig?: {
    S3Uri: string
    LocalPath?: string | undefined
  } | undefined
  EnableManagedSpotTraining: boolean
  RoleArn?: string | undefined
  AlgorithmSpecification?: {
    TrainingImage?: string | undefined
    TrainingInputMode: 'File'
  } | undefined
  TrainingJobArn: string
  /** ISO 8601, UTC */
  CreationTime: string
  /** ISO 8601, UTC */
  LastModifiedTime: string
  /** ISO 8601, UTC */
  TrainingEndTime?: string | undefined
  TrainingJobStatus: 'InProgress' | 'Completed' | 'Failed' | 'Stopping' | 'Stopped'
  SecondaryStatus: string
  ModelArtifacts?: {
    S3ModelArtifacts: string
  } | undefined
  SecondaryStatusTransitions: {
    Status: string
    /** ISO 8601, UTC */
    StartTime: string
    /** ISO 8601, UTC */
    EndTime?: string | undefined
    StatusMessage?: string | undefined
  }[]
  FailureReason?: string | undefined
  /** ISO 8601, UTC */
  TrainingStartTime?: string | undefined
  FinalMetricDataList?: {
    MetricName: string
    Value: number
    /** ISO 8601, UTC */
    Timestamp: string
  }[] | undefined
  TrainingTimeInSeconds?: number | undefined
  BillableTimeInSeconds?: number | undefined
  Price?: {
    Currency: 'USD'
    Amount: number
    Basis: string
  } | undefined
  Output?: {
    model: string
    version: number
    alias?: string | undefined
    gate: string
    passed: boolean
  } | undefined
}
export type ListTrainingJobsResponse = {
  TrainingJobSummaries: {
    TrainingJobName: string
    TrainingJobArn: string
    /** ISO 8601, UTC */
    CreationTime: string
    /** ISO 8601, UTC */
    LastModifiedTime: string
    /** ISO 8601, UTC */
    TrainingEndTime?: string | undefined
    TrainingJobStatus: 'InProgress' | 'Completed' | 'Failed' | 'Stopping' | 'Stopped'
    SecondaryStatus: string
  }[]
  NextToken?: string | undefined
}
export type DescribeTrainingJobResponse = CreateTrainingJobResponse
export type StopTrainingJobResponse = CreateTrainingJobResponse
export type ReadTrainingJobLogsResponse = {
  lines: {
    id: string
    text: string
  }[]
  next?: string | undefined
  done: boolean
}
export type ReadTrainingJobEventsResponse = {
  events: {
    id: string
    attempt: number
    data: {
      event: 'data'
      at: string
      done: number
      total?: number | undefined
      message?: string | undefined
    } | {
      event: 'model'
      at: string
      preset: string
      parameters: number
      summary: string
    } | {
      event: 'step'
      at: string
      epoch: number
      epochs: number
      step: number
      steps: number
      loss: number
      metrics: Record<string, number>
      imagesPerSecond: number
      secondsLeft: number
    } | {
      event: 'epoch'
      at: string
      epoch: number
      epochs: number
      metrics: Record<string, number>
      seconds: number
      best: boolean
    } | {
      event: 'checkpoint'
      at: string
      epoch: number
      path: string
    } | {
      event: 'notice'
      at: string
      level: 'info' | 'warning'
      code: string
      message: string
    } | {
      event: 'evaluation'
      at: string
      split: string
      metrics: Record<string, number>
    } | {
      event: 'end'
      at: string
      reason: 'completed' | 'early_stopped' | 'small_gradient' | 'time_limit' | 'stopped'
      bestEpoch: number
      seconds: number
      metrics: Record<string, number>
    } | {
      event: 'failure'
      at: string
      message: string
    }
  }[]
  next?: string | undefined
  done: boolean
}
export type SagemakerResponse = Record<string, unknown>
export type CreateTransformJobRequest = {
  TransformJobName: string
  ModelName: string
  BatchStrategy?: 'MultiRecord' | 'SingleRecord' | undefined
  TransformInput: {
    DataSource: {
      S3DataSource: {
        S3DataType?: 'S3Prefix' | undefined
        S3Uri: string
      }
    }
    ContentType?: 'application/x-image' | 'text/csv' | 'application/jsonlines' | undefined
    CompressionType?: 'None' | undefined
  }
  TransformOutput?: {
    S3OutputPath?: string | undefined
    Accept?: 'application/jsonlines' | 'text/csv' | undefined
    AssembleWith?: 'Line' | undefined
  } | undefined
  TransformResources?: {
    InstanceType?: 'ml.m5.large' | 'ml.m5.xlarge' | 'ml.m5.2xlarge' | 'ml.m5.4xlarge' | 'ml.c5.large' | 'ml.c5.xlarge' | 'ml.c5.2xlarge' | 'ml.c5.4xlarge' | undefined
    InstanceCount?: number | undefined
  } | undefined
  MaxFailedInputs?: number | undefined
}
export type CreateTransformJobResponse = {
  TransformJobName: string
  ModelName: string
  BatchStrategy: 'MultiRecord' | 'SingleRecord'
  TransformInput: {
    DataSource: {
      S3DataSource: {
        S3DataType: 'S3Prefix'
        S3Uri: string
      }
    }
    ContentType?: 'application/x-image' | 'text/csv' | 'application/jsonlines' | undefined
    CompressionType?: 'None' | undefined
  }
  TransformOutput: {
    S3OutputPath?: string | undefined
    Accept: 'application/jsonlines' | 'text/csv'
    AssembleWith?: 'Line' | undefined
  }
  TransformResources: {
    InstanceType: 'ml.m5.large' | 'ml.m5.xlarge' | 'ml.m5.2xlarge' | 'ml.m5.4xlarge' | 'ml.c5.large' | 'ml.c5.xlarge' | 'ml.c5.2xlarge' | 'ml.c5.4xlarge'
    InstanceCount: number
  }
  MaxFailedInputs?: number | undefined
  TransformJobStatus: 'InProgress' | 'Completed' | 'Failed' | 'Stopping' | 'Stopped'
  /** ISO 8601, UTC */
  CreationTime: string
  /** ISO 8601, UTC */
  TransformEndTime?: string | undefined
  FailureReason?: string | undefined
  /** ISO 8601, UTC */
  TransformStartTime?: string | undefined
  ModelVersion: number
  Progress?: {
    Inputs: number
    Done: number
    Failed: number
    Parts: number
    PartsDone: number
  } | undefined
  Failures: {
    id: string
    error: string
  }[]
}
export type ListTransformJobsResponse = {
  TransformJobSummaries: {
    TransformJobName: string
    TransformJobStatus: 'InProgress' | 'Completed' | 'Failed' | 'Stopping' | 'Stopped'
    ModelName: string
    /** ISO 8601, UTC */
    CreationTime: string
    /** ISO 8601, UTC */
    TransformEndTime?: string | undefined
    FailureReason?: string | undefined
  }[]
  NextToken?: string | undefined
}
export type DescribeTransformJobResponse = CreateTransformJobResponse
export type StopTransformJobResponse = CreateTransformJobResponse
export type ListKeysResponse = {
  keys: {
    name: string
    rights: ('data' | 'control')[]
    models?: string[] | undefined
    expires?: number | undefined
    throttle?: {
      rate: number
      burst: number
    } | undefined
    quota?: number | undefined
    budget?: number | undefined
    id: string
    usage?: {
      month: string
      requests: number
      cost: number
    } | undefined
  }[]
}
export type CreateKeyRequest = {
  name: string
  rights: ('data' | 'control')[]
  models?: string[] | undefined
  expires?: number | undefined
  throttle?: {
    rate: number
    burst: number
  } | undefined
  quota?: number | undefined
  budget?: number | undefined
}
export type CreateKeyResponse = {
  name: string
  rights: ('data' | 'control')[]
  models?: string[] | undefined
  expires?: number | undefined
  throttle?: {
    rate: number
    burst: number
  } | undefined
  quota?: number | undefined
  budget?: number | undefined
  id: string
  usage?: {
    month: string
    requests: number
    cost: number
  } | undefined
  key: string
}
export type OpenApiResponse = SagemakerResponse
/** By operation id: what goes into its path, its query and its body, and what comes back. */
export interface Operations {
  /** Whether the service is up, and which versions it holds in memory. */
  health: {
    path: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: HealthResponse
  }
  /** The versions that can be asked, as TensorFlow Serving reports them. */
  modelStatus: {
    path: { model: string }
    query: Record<never, never>
    body: undefined
    answer: ModelStatusResponse
  }
  /** The versions that can be asked, as TensorFlow Serving reports them. */
  modelStatusVersion: {
    path: { model: string; version: string | number }
    query: Record<never, never>
    body: undefined
    answer: ModelStatusResponse
  }
  /** The versions that can be asked, as TensorFlow Serving reports them. */
  modelStatusLabel: {
    path: { model: string; label: 'latest' | string }
    query: Record<never, never>
    body: undefined
    answer: ModelStatusResponse
  }
  /** Names, dtypes and shapes of inputs and outputs. */
  modelMetadata: {
    path: { model: string }
    query: Record<never, never>
    body: undefined
    answer: ModelMetadataResponse
  }
  /** Names, dtypes and shapes of inputs and outputs. */
  modelMetadataVersion: {
    path: { model: string; version: string | number }
    query: Record<never, never>
    body: undefined
    answer: ModelMetadataResponse
  }
  /** Names, dtypes and shapes of inputs and outputs. */
  modelMetadataLabel: {
    path: { model: string; label: 'latest' | string }
    query: Record<never, never>
    body: undefined
    answer: ModelMetadataResponse
  }
  /** Runs the model on tensors, table rows, base64 images, or one image as the raw body. */
  predict: {
    path: { model: string }
    query: Record<never, never>
    body: PredictRequest
    answer: PredictResponse
  }
  /** Runs the model on tensors, table rows, base64 images, or one image as the raw body. */
  predictVersion: {
    path: { model: string; version: string | number }
    query: Record<never, never>
    body: PredictRequest
    answer: PredictResponse
  }
  /** Runs the model on tensors, table rows, base64 images, or one image as the raw body. */
  predictLabel: {
    path: { model: string; label: 'latest' | string }
    query: Record<never, never>
    body: PredictRequest
    answer: PredictResponse
  }
  /** Labels and scores, best first; of feature objects, or of one image as the raw body. */
  classify: {
    path: { model: string }
    query: Record<never, never>
    body: ClassifyRequest
    answer: ClassifyResponse
  }
  /** Labels and scores, best first; of feature objects, or of one image as the raw body. */
  classifyVersion: {
    path: { model: string; version: string | number }
    query: Record<never, never>
    body: ClassifyRequest
    answer: ClassifyResponse
  }
  /** Labels and scores, best first; of feature objects, or of one image as the raw body. */
  classifyLabel: {
    path: { model: string; label: 'latest' | string }
    query: Record<never, never>
    body: ClassifyRequest
    answer: ClassifyResponse
  }
  /** One number for each example: feature objects, or one image as the raw body. */
  regress: {
    path: { model: string }
    query: Record<never, never>
    body: RegressRequest
    answer: RegressResponse
  }
  /** One number for each example: feature objects, or one image as the raw body. */
  regressVersion: {
    path: { model: string; version: string | number }
    query: Record<never, never>
    body: RegressRequest
    answer: RegressResponse
  }
  /** One number for each example: feature objects, or one image as the raw body. */
  regressLabel: {
    path: { model: string; label: 'latest' | string }
    query: Record<never, never>
    body: RegressRequest
    answer: RegressResponse
  }
  /** Keeps one image for a week, so that requests of the same key can name it: `{"upload": id}` in place of `{"b64": …}`, or a form field `upload`. */
  uploadImage: {
    path: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: UploadImageResponse
  }
  /** Asks for a prediction that is answered later; `Prefer: wait=n` waits up to n seconds for it. */
  createPrediction: {
    path: Record<never, never>
    query: Record<never, never>
    body: CreatePredictionRequest
    answer: CreatePredictionResponse
  }
  /** How a prediction that was asked for stands, and its output when it is there. */
  getPrediction: {
    path: { id: string }
    query: Record<never, never>
    body: undefined
    answer: GetPredictionResponse
  }
  /** Cancels a prediction that is not over yet. */
  cancelPrediction: {
    path: { id: string }
    query: Record<never, never>
    body: undefined
    answer: CancelPredictionResponse
  }
  /** SageMaker's InvokeEndpoint for unmodified clients: the endpoint is `name`, `name@alias` or `name:version`, or `name` with an alias or version as TargetVariant; the key is the session token. JSON, JSON lines, CSV, NumPy arrays and images, answered as `Accept` says. */
  invokeEndpoint: {
    path: { endpoint: string }
    query: Record<never, never>
    body: InvokeEndpointRequest
    answer: InvokeEndpointResponse
  }
  /** Name, version and extensions of this server. */
  inferenceServer: {
    path: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: InferenceServerResponse
  }
  /** Whether the process is up. */
  inferenceLive: {
    path: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: InferenceLiveResponse
  }
  /** Whether it takes requests. */
  inferenceReady: {
    path: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: InferenceReadyResponse
  }
  /** Versions of a model, and names, datatypes and shapes of its inputs and outputs. */
  inferenceModel: {
    path: { model: string }
    query: Record<never, never>
    body: undefined
    answer: InferenceModelResponse
  }
  /** Versions of a model, and names, datatypes and shapes of its inputs and outputs. */
  inferenceModelRelease: {
    path: { model: string; release: string | number }
    query: Record<never, never>
    body: undefined
    answer: InferenceModelResponse
  }
  /** Loads the model when it is not in memory, and says when it can answer at once. */
  inferenceModelReady: {
    path: { model: string }
    query: Record<never, never>
    body: undefined
    answer: InferenceModelReadyResponse
  }
  /** Loads the model when it is not in memory, and says when it can answer at once. */
  inferenceModelReadyRelease: {
    path: { model: string; release: string | number }
    query: Record<never, never>
    body: undefined
    answer: InferenceModelReadyResponse
  }
  /** Runs the model on tensors, as JSON or as bytes behind the JSON (`Inference-Header-Content-Length`); on encoded images as BYTES. */
  infer: {
    path: { model: string }
    query: Record<never, never>
    body: InferRequest
    answer: InferResponse
  }
  /** Runs the model on tensors, as JSON or as bytes behind the JSON (`Inference-Header-Content-Length`); on encoded images as BYTES. */
  inferRelease: {
    path: { model: string; release: string | number }
    query: Record<never, never>
    body: InferRequest
    answer: InferResponse
  }
  /** How many requests this process answered for a model and where their time went, in nanoseconds. */
  inferenceStatistics: {
    path: { model: string }
    query: Record<never, never>
    body: undefined
    answer: InferenceStatisticsResponse
  }
  /** How many requests this process answered for a model and where their time went, in nanoseconds. */
  inferenceStatisticsRelease: {
    path: { model: string; release: string | number }
    query: Record<never, never>
    body: undefined
    answer: InferenceStatisticsResponse
  }
  /** All versions of all models that the key may ask, and which are in memory. */
  repositoryIndex: {
    path: Record<never, never>
    query: Record<never, never>
    body: RepositoryIndexRequest
    answer: RepositoryIndexResponse
  }
  /** All models with their versions and aliases. */
  listModels: {
    path: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: ListModelsResponse
  }
  /** One model with its versions and aliases. */
  getModel: {
    path: { model: string }
    query: Record<never, never>
    body: undefined
    answer: GetModelResponse
  }
  /** Manifests of all versions, newest first. */
  listVersions: {
    path: { model: string }
    query: Record<never, never>
    body: undefined
    answer: ListVersionsResponse
  }
  /** The manifest: files and their hashes, metrics, lineage. */
  getVersion: {
    path: { model: string; version: string | number }
    query: Record<never, never>
    body: undefined
    answer: GetVersionResponse
  }
  /** Deletes a version that no alias points at. */
  deleteVersion: {
    path: { model: string; version: string | number }
    query: Record<never, never>
    body: undefined
    answer: undefined
  }
  /** What evaluation measured. */
  getEvaluation: {
    path: { model: string; version: string | number }
    query: Record<never, never>
    body: undefined
    answer: GetEvaluationResponse
  }
  /** The evaluation as a self-contained page. */
  getReport: {
    path: { model: string; version: string | number }
    query: Record<never, never>
    body: undefined
    answer: string
  }
  /** Metrics of each epoch of its training, and what the run had to say. */
  getHistory: {
    path: { model: string; version: string | number }
    query: Record<never, never>
    body: undefined
    answer: GetHistoryResponse
  }
  /** All aliases with their history. */
  listAliases: {
    path: { model: string }
    query: Record<never, never>
    body: undefined
    answer: ListAliasesResponse
  }
  /** One alias with its history; its ETag is the generation. */
  getAlias: {
    path: { model: string; alias: string }
    query: Record<never, never>
    body: undefined
    answer: GetAliasResponse
  }
  /** Creates or moves an alias; `If-Match: "generation"` makes it fail when somebody else moved it first. 409 with `Retry-After`: the certificate of a version is replayed on the kernels in force first. */
  moveAlias: {
    path: { model: string; alias: string }
    query: Record<never, never>
    body: MoveAliasRequest
    answer: MoveAliasResponse
  }
  /** Deletes an alias; the versions it pointed at stay. */
  deleteAlias: {
    path: { model: string; alias: string }
    query: Record<never, never>
    body: undefined
    answer: undefined
  }
  /** How an alias's shadow compares on the requests of this process: agreement, differences, time. */
  shadowReport: {
    path: { model: string; alias: string }
    query: Record<never, never>
    body: undefined
    answer: ShadowReportResponse
  }
  /** Announces a data set by name, size and SHA-256; the same again is the same upload, with the parts it has. */
  createUpload: {
    path: Record<never, never>
    query: Record<never, never>
    body: CreateUploadRequest
    answer: CreateUploadResponse
  }
  /** How far an upload has come. */
  getUpload: {
    path: { upload: string }
    query: Record<never, never>
    body: undefined
    answer: GetUploadResponse
  }
  /** Gives up an upload that is not complete; its parts are deleted. */
  deleteUpload: {
    path: { upload: string }
    query: Record<never, never>
    body: undefined
    answer: undefined
  }
  /** Addresses to PUT parts to, each signed for its length and checksum, good for an hour. */
  signParts: {
    path: { upload: string }
    query: Record<never, never>
    body: SignPartsRequest
    answer: SignPartsResponse
  }
  /** Makes the parts one file; 409 names the parts that are missing. */
  completeUpload: {
    path: { upload: string }
    query: Record<never, never>
    body: undefined
    answer: CompleteUploadResponse
  }
  /** Announces a model to import; its uploads say what has to be sent. The same `Idempotency-Key` is the same import. */
  createImport: {
    path: Record<never, never>
    query: Record<never, never>
    body: CreateImportRequest
    answer: CreateImportResponse
  }
  /** The last hundred imports, newest first. */
  listImports: {
    path: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: ListImportsResponse
  }
  /** Where an import stands, with its conversion report, certificate, or the reason why it failed. */
  getImport: {
    path: { import: string }
    query: Record<never, never>
    body: undefined
    answer: GetImportResponse
  }
  /** Forgets an import; a version that was registered from it stays. */
  deleteImport: {
    path: { import: string }
    query: Record<never, never>
    body: undefined
    answer: undefined
  }
  /** All files have arrived: the model is checked and, when it passes, registered. Repeating does nothing twice. */
  completeImport: {
    path: { import: string }
    query: Record<never, never>
    body: undefined
    answer: CompleteImportResponse
  }
  /** What became of each layer of an imported model. */
  getConversion: {
    path: { model: string; version: string | number }
    query: Record<never, never>
    body: undefined
    answer: GetConversionResponse
  }
  /** Conversion and certificate as a page. */
  getConversionReport: {
    path: { model: string; version: string | number }
    query: Record<never, never>
    body: undefined
    answer: string
  }
  /** Golden inputs and outputs by name and shape, and what replaying them on each kernel version showed. */
  getCertificate: {
    path: { model: string; version: string | number }
    query: Record<never, never>
    body: undefined
    answer: GetCertificateResponse
  }
  /** Replays the certificate on the kernels in force. 202 when that happens later; look at the certificate then. */
  verifyVersion: {
    path: { model: string; version: string | number }
    query: Record<never, never>
    body: undefined
    answer: VerifyVersionResponse
  }
  /** Starts a training job: CreateTrainingJob's fields. The same document again answers 200 with the same job. */
  createTrainingJob: {
    path: Record<never, never>
    query: Record<never, never>
    body: CreateTrainingJobRequest
    answer: CreateTrainingJobResponse
  }
  /** Training jobs, newest first; `NextToken` of one page asks for the next. */
  listTrainingJobs: {
    path: Record<never, never>
    query: { StatusEquals?: 'InProgress' | 'Completed' | 'Failed' | 'Stopping' | 'Stopped'; NameContains?: string; CreationTimeAfter?: number | string; CreationTimeBefore?: number | string; SortBy?: 'CreationTime' | 'Name'; SortOrder?: 'Ascending' | 'Descending'; MaxResults?: number; NextToken?: string }
    body: undefined
    answer: ListTrainingJobsResponse
  }
  /** One job: its document, its course, what it cost, and the version it became. */
  describeTrainingJob: {
    path: { job: string }
    query: Record<never, never>
    body: undefined
    answer: DescribeTrainingJobResponse
  }
  /** Asks a job to write a checkpoint and end. */
  stopTrainingJob: {
    path: { job: string }
    query: Record<never, never>
    body: undefined
    answer: StopTrainingJobResponse
  }
  /** What the container printed, line by line. */
  readTrainingJobLogs: {
    path: { job: string }
    query: { after?: string; limit?: number }
    body: undefined
    answer: ReadTrainingJobLogsResponse
  }
  /** Steps, epochs and notices of the training; with `Accept: text/event-stream` as they come. */
  readTrainingJobEvents: {
    path: { job: string }
    query: { after?: string; limit?: number }
    body: undefined
    answer: ReadTrainingJobEventsResponse
  }
  /** SageMaker's wire form for unmodified clients (`endpoint_url=…/sagemaker`): CreateTrainingJob, DescribeTrainingJob, ListTrainingJobs, StopTrainingJob in `X-Amz-Target`; the key is the session token. */
  sagemaker: {
    path: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: SagemakerResponse
  }
  /** Predicts all of a data set: CreateTransformJob's fields, an input below datasets/ or uploads/. The same document again answers 200 with the same job. */
  createTransformJob: {
    path: Record<never, never>
    query: Record<never, never>
    body: CreateTransformJobRequest
    answer: CreateTransformJobResponse
  }
  /** Transform jobs, newest first; `NextToken` of one page asks for the next. */
  listTransformJobs: {
    path: Record<never, never>
    query: { StatusEquals?: 'InProgress' | 'Completed' | 'Failed' | 'Stopping' | 'Stopped'; NameContains?: string; MaxResults?: number; NextToken?: string }
    body: undefined
    answer: ListTransformJobsResponse
  }
  /** One transform job: its document, how far it is, and the first inputs that failed. */
  describeTransformJob: {
    path: { job: string }
    query: Record<never, never>
    body: undefined
    answer: DescribeTransformJobResponse
  }
  /** Asks a transform job to end; what is predicted by then can be read. */
  stopTransformJob: {
    path: { job: string }
    query: Record<never, never>
    body: undefined
    answer: StopTransformJobResponse
  }
  /** A line for each input, in order: its id, and the prediction or what was wrong with it. */
  readTransformOutput: {
    path: { job: string }
    query: Record<never, never>
    body: undefined
    answer: string
  }
  /** All keys with their rights, limits and what they used this month; never the keys themselves. */
  listKeys: {
    path: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: ListKeysResponse
  }
  /** Makes a key; the answer is the only time it is shown. */
  createKey: {
    path: Record<never, never>
    query: Record<never, never>
    body: CreateKeyRequest
    answer: CreateKeyResponse
  }
  /** Ends a key for good. */
  revokeKey: {
    path: { key: string }
    query: Record<never, never>
    body: undefined
    answer: undefined
  }
  /** Requests, latency, errors and throttles as OpenMetrics. On one machine; on AWS they are in CloudWatch. */
  metrics: {
    path: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: string
  }
  /** This contract as OpenAPI 3.1. */
  openApi: {
    path: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: OpenApiResponse
  }
  /** This contract as a page to read. */
  docs: {
    path: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: string
  }
  /** A page to look at models, try them, move aliases and watch training jobs. */
  playground: {
    path: Record<never, never>
    query: Record<never, never>
    body: undefined
    answer: string
  }
  /** Script, style and icon of that page. */
  playgroundAsset: {
    path: { asset: string }
    query: Record<never, never>
    body: undefined
    answer: string
  }
}
/** Where each is. */
export const operations = {
  health: { method: 'GET', path: '/healthz' },
  modelStatus: { method: 'GET', path: '/v1/models/{model}' },
  modelStatusVersion: { method: 'GET', path: '/v1/models/{model}/versions/{version}' },
  modelStatusLabel: { method: 'GET', path: '/v1/models/{model}/labels/{label}' },
  modelMetadata: { method: 'GET', path: '/v1/models/{model}/metadata' },
  modelMetadataVersion: { method: 'GET', path: '/v1/models/{model}/versions/{version}/metadata' },
  modelMetadataLabel: { method: 'GET', path: '/v1/models/{model}/labels/{label}/metadata' },
  predict: { method: 'POST', path: '/v1/models/{model}:predict' },
  predictVersion: { method: 'POST', path: '/v1/models/{model}/versions/{version}:predict' },
  predictLabel: { method: 'POST', path: '/v1/models/{model}/labels/{label}:predict' },
  classify: { method: 'POST', path: '/v1/models/{model}:classify' },
  classifyVersion: { method: 'POST', path: '/v1/models/{model}/versions/{version}:classify' },
  classifyLabel: { method: 'POST', path: '/v1/models/{model}/labels/{label}:classify' },
  regress: { method: 'POST', path: '/v1/models/{model}:regress' },
  regressVersion: { method: 'POST', path: '/v1/models/{model}/versions/{version}:regress' },
  regressLabel: { method: 'POST', path: '/v1/models/{model}/labels/{label}:regress' },
  uploadImage: { method: 'POST', path: '/images' },
  createPrediction: { method: 'POST', path: '/predictions' },
  getPrediction: { method: 'GET', path: '/predictions/{id}' },
  cancelPrediction: { method: 'POST', path: '/predictions/{id}/cancel' },
  invokeEndpoint: { method: 'POST', path: '/endpoints/{endpoint}/invocations' },
  inferenceServer: { method: 'GET', path: '/v2' },
  inferenceLive: { method: 'GET', path: '/v2/health/live' },
  inferenceReady: { method: 'GET', path: '/v2/health/ready' },
  inferenceModel: { method: 'GET', path: '/v2/models/{model}' },
  inferenceModelRelease: { method: 'GET', path: '/v2/models/{model}/versions/{release}' },
  inferenceModelReady: { method: 'GET', path: '/v2/models/{model}/ready' },
  inferenceModelReadyRelease: { method: 'GET', path: '/v2/models/{model}/versions/{release}/ready' },
  infer: { method: 'POST', path: '/v2/models/{model}/infer' },
  inferRelease: { method: 'POST', path: '/v2/models/{model}/versions/{release}/infer' },
  inferenceStatistics: { method: 'GET', path: '/v2/models/{model}/stats' },
  inferenceStatisticsRelease: { method: 'GET', path: '/v2/models/{model}/versions/{release}/stats' },
  repositoryIndex: { method: 'POST', path: '/v2/repository/index' },
  listModels: { method: 'GET', path: '/models' },
  getModel: { method: 'GET', path: '/models/{model}' },
  listVersions: { method: 'GET', path: '/models/{model}/versions' },
  getVersion: { method: 'GET', path: '/models/{model}/versions/{version}' },
  deleteVersion: { method: 'DELETE', path: '/models/{model}/versions/{version}' },
  getEvaluation: { method: 'GET', path: '/models/{model}/versions/{version}/evaluation' },
  getReport: { method: 'GET', path: '/models/{model}/versions/{version}/report' },
  getHistory: { method: 'GET', path: '/models/{model}/versions/{version}/history' },
  listAliases: { method: 'GET', path: '/models/{model}/aliases' },
  getAlias: { method: 'GET', path: '/models/{model}/aliases/{alias}' },
  moveAlias: { method: 'PUT', path: '/models/{model}/aliases/{alias}' },
  deleteAlias: { method: 'DELETE', path: '/models/{model}/aliases/{alias}' },
  shadowReport: { method: 'GET', path: '/models/{model}/aliases/{alias}/shadow' },
  createUpload: { method: 'POST', path: '/uploads' },
  getUpload: { method: 'GET', path: '/uploads/{upload}' },
  deleteUpload: { method: 'DELETE', path: '/uploads/{upload}' },
  signParts: { method: 'POST', path: '/uploads/{upload}/parts' },
  completeUpload: { method: 'POST', path: '/uploads/{upload}/complete' },
  createImport: { method: 'POST', path: '/imports' },
  listImports: { method: 'GET', path: '/imports' },
  getImport: { method: 'GET', path: '/imports/{import}' },
  deleteImport: { method: 'DELETE', path: '/imports/{import}' },
  completeImport: { method: 'POST', path: '/imports/{import}/complete' },
  getConversion: { method: 'GET', path: '/models/{model}/versions/{version}/conversion' },
  getConversionReport: { method: 'GET', path: '/models/{model}/versions/{version}/conversion/report' },
  getCertificate: { method: 'GET', path: '/models/{model}/versions/{version}/certificate' },
  verifyVersion: { method: 'POST', path: '/models/{model}/versions/{version}/certificate' },
  createTrainingJob: { method: 'POST', path: '/training-jobs' },
  listTrainingJobs: { method: 'GET', path: '/training-jobs' },
  describeTrainingJob: { method: 'GET', path: '/training-jobs/{job}' },
  stopTrainingJob: { method: 'POST', path: '/training-jobs/{job}/stop' },
  readTrainingJobLogs: { method: 'GET', path: '/training-jobs/{job}/logs' },
  readTrainingJobEvents: { method: 'GET', path: '/training-jobs/{job}/events' },
  sagemaker: { method: 'POST', path: '/sagemaker' },
  createTransformJob: { method: 'POST', path: '/transform-jobs' },
  listTransformJobs: { method: 'GET', path: '/transform-jobs' },
  describeTransformJob: { method: 'GET', path: '/transform-jobs/{job}' },
  stopTransformJob: { method: 'POST', path: '/transform-jobs/{job}/stop' },
  readTransformOutput: { method: 'GET', path: '/transform-jobs/{job}/output' },
  listKeys: { method: 'GET', path: '/keys' },
  createKey: { method: 'POST', path: '/keys' },
  revokeKey: { method: 'DELETE', path: '/keys/{key}' },
  metrics: { method: 'GET', path: '/metrics' },
  openApi: { method: 'GET', path: '/openapi.json' },
  docs: { method: 'GET', path: '/docs' },
  playground: { method: 'GET', path: '/' },
  playgroundAsset: { method: 'GET', path: '/playground/{asset}' },
} as const
