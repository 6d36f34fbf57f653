/** The training job document: CreateTrainingJob's field names, read alike by the command line, the container and the API. */
import * as z from 'zod'
import { aliasSchema, jobNameSchema, modelNameSchema } from './names.ts'

/** How large a job is, under SageMaker's names: virtual CPUs and MB that Fargate gives. */
export const instanceTypes = {
  'ml.m5.large': { cpus: 2, memory: 8192 },
  'ml.m5.xlarge': { cpus: 4, memory: 16_384 },
  'ml.m5.2xlarge': { cpus: 8, memory: 32_768 },
  'ml.m5.4xlarge': { cpus: 16, memory: 65_536 },
  'ml.c5.large': { cpus: 2, memory: 4096 },
  'ml.c5.xlarge': { cpus: 4, memory: 8192 },
  'ml.c5.2xlarge': { cpus: 8, memory: 16_384 },
  'ml.c5.4xlarge': { cpus: 16, memory: 32_768 },
} as const
export type InstanceType = keyof typeof instanceTypes

/** Names of the data a job can be given; `train` is required, the others are split off it when absent. */
export const channelNames = ['train', 'validation', 'test'] as const

export const channelSchema = z.object({
  ChannelName: z.enum(channelNames),
  DataSource: z.object({
    S3DataSource: z.object({
      S3DataType: z.literal('S3Prefix').default('S3Prefix'),
      /** `s3://…` on AWS, `file://…` on one machine. */
      S3Uri: z.string().min(1),
      S3DataDistributionType: z.literal('FullyReplicated').default('FullyReplicated'),
    }),
  }),
  ContentType: z.string().max(256).optional(),
  InputMode: z.literal('File').default('File'),
})

export const trainingJobSchema = z.object({
  TrainingJobName: jobNameSchema,
  HyperParameters: z.record(z.string().max(256), z.string().max(2500)).default({}),
  InputDataConfig: z.array(channelSchema).min(1).max(20),
  OutputDataConfig: z.object({ S3OutputPath: z.string().min(1) }),
  ResourceConfig: z
    .object({
      InstanceType: z.enum(Object.keys(instanceTypes) as InstanceType[]).default('ml.m5.large'),
      InstanceCount: z.literal(1).default(1),
      VolumeSizeInGB: z.number().int().min(1).max(200).default(20),
    })
    .prefault({}),
  StoppingCondition: z
    .object({
      MaxRuntimeInSeconds: z.number().int().min(1).max(2_419_200).default(86_400),
      MaxWaitTimeInSeconds: z.number().int().min(1).max(2_419_200).optional(),
    })
    .prefault({}),
  CheckpointConfig: z.object({ S3Uri: z.string().min(1), LocalPath: z.string().optional() }).optional(),
  EnableManagedSpotTraining: z.boolean().default(false),
  RoleArn: z.string().optional(),
  AlgorithmSpecification: z
    .object({ TrainingImage: z.string().optional(), TrainingInputMode: z.literal('File').default('File') })
    .optional(),
})
export type TrainingJob = z.infer<typeof trainingJobSchema>

const text = {
  integer: (min: number, max: number) =>
    z
      .string()
      .regex(/^-?\d+$/, 'a whole number, written as a string')
      .transform(Number)
      .pipe(z.number().int().min(min).max(max)),
  number: (min: number, max: number) =>
    z
      .string()
      .refine((value) => value.trim() !== '' && Number.isFinite(Number(value)), 'a number, written as a string')
      .transform(Number)
      .pipe(z.number().min(min).max(max)),
  boolean: z.enum(['true', 'false']).transform((value) => value === 'true'),
}

export const presetNames = ['cifar10-cnn', 'cifar10-cnn-overfit', 'cifar10-cnn-regularized', 'mlp'] as const
export const lossNames = [
  'sparse_categorical_crossentropy',
  'categorical_crossentropy',
  'binary_crossentropy',
  'mean_squared_error',
] as const
export const optimizerNames = ['sgd', 'adam', 'rmsprop'] as const

/** Every hyperparameter a job may carry; all are strings in the document. Unset ones take the preset's value. */
export const hyperParametersSchema = z.strictObject({
  epochs: text.integer(1, 10_000).optional(),
  batch_size: text.integer(1, 65_536).optional(),
  learning_rate: text.number(0, 100).optional(),
  optimizer: z.enum(optimizerNames).optional(),
  momentum: text.number(0, 1).optional(),
  loss: z.enum(lossNames).optional(),
  seed: text.integer(0, 2_147_483_647).optional(),
  /** Share of the training data kept for validation when no validation channel is given. */
  validation_split: text.number(0, 0.9).optional(),
  /** Share of the data kept for test when the data brings no test part. */
  test_split: text.number(0, 0.9).optional(),
  /** Epochs without a better validation loss before training stops; 0 never stops early. */
  early_stopping_patience: text.integer(0, 10_000).optional(),
  /** Training stops when the gradient's norm falls below this; 0 never. */
  min_gradient_norm: text.number(0, 1e9).optional(),
  /** Gradients are scaled down together where their norm is above this; 0 never. */
  clip_norm: text.number(0, 1e9).optional(),
  /** Share of each weight, times the learning rate, that every step takes away (decoupled, as Keras and AdamW do). */
  weight_decay: text.number(0, 1).optional(),
  /** Steps whose gradients are averaged into one update of the weights: a larger batch in less memory. */
  gradient_accumulation_steps: text.integer(1, 10_000).optional(),
  l2: text.number(0, 10).optional(),
  dropout: text.number(0, 0.95).optional(),
  augment: text.boolean.optional(),
  learning_rate_schedule: z.enum(['constant', 'cosine', 'step']).optional(),
  /** For `mlp`: comma-separated widths of the hidden layers. */
  hidden_units: z
    .string()
    .regex(/^\d{1,5}(,\d{1,5}){0,9}$/, 'widths separated by commas, e.g. 64,32')
    .optional(),
  /** For CSV data: the column to predict, and whether it is a class or a number. */
  target: z.string().max(256).optional(),
  task: z.enum(['classification', 'regression']).optional(),
  /** Files that cannot be read before the job gives up; they are listed either way. */
  max_bad_files: text.integer(0, 1_000_000).optional(),
  maas_preset: z.enum(presetNames).optional(),
  /** A Keras or TF.js topology as JSON, in place of a preset; at most 2,500 characters, longer ones come as a file in the `train` channel's job folder. */
  maas_topology: z.string().optional(),
  maas_model_name: modelNameSchema.optional(),
  /** Alias to move to the new version when the gate lets it pass. */
  maas_alias: aliasSchema.optional(),
  /** Conditions on metrics that must all hold before the alias moves, e.g. `test_accuracy>=0.6,overfitting_gap<=0.1`. */
  maas_gate: z
    .string()
    .regex(
      /^[a-z_0-9]+(>=|<=)-?\d+(\.\d+)?(,[a-z_0-9]+(>=|<=)-?\d+(\.\d+)?)*$/,
      'a metric, >= or <=, and a number, e.g. test_accuracy>=0.6, or several separated by commas',
    )
    .optional(),
})
export type HyperParameters = z.infer<typeof hyperParametersSchema>
