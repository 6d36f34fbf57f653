/** Values that occur in many layers' options, from Keras' spelling to tfjs-layers': dtypes, activations, initialisers, regularisers. */
import { activations } from '../adapters/activations.ts'
import { asRecord, type Config, text } from './config.ts'
import { Refusal, type ReportBuilder } from './report.ts'

export interface ValueContext {
  /** 3 when Keras 3 wrote the file; several names changed their meaning. */
  readonly keras: 2 | 3
  readonly report: ReportBuilder
}

const narrowed: Readonly<Record<string, string>> = {
  int64: 'int32',
  int16: 'int32',
  int8: 'int32',
  uint8: 'int32',
  uint16: 'int32',
  uint32: 'int32',
  float64: 'float32',
}

/** A dtype, a policy's name or a policy object. Half precision is computed in float32: the weights are exact, results differ by its rounding. */
export const dtypeOf = (value: unknown, { report }: ValueContext): string => {
  const policy = asRecord(asRecord(value)?.config)
  const name = text(value) ?? text(policy?.name) ?? text(policy?.source_name) ?? 'float32'
  if (/_from_|^(int4|float8)/.test(name)) {
    throw new Refusal(`it is quantised (${name}); save the model before quantising it`)
  }
  if (/^(mixed_)?b?float16$/.test(name)) {
    report.note(
      `${name} layers are computed in float32; Keras' own results differ from them by half precision's rounding`,
    )
    return 'float32'
  }
  return narrowed[name] ?? name
}

const stockActivations = new Set(
  'relu elu selu softplus softsign tanh sigmoid linear swish gelu relu6 mish softmax log_softmax'.split(' '),
)
const activationNames: Readonly<Record<string, string>> = { silu: 'swish', hard_swish: 'hard_silu' }

export const activationOf = (value: unknown, { keras }: ValueContext): string | null => {
  if (value === null || value === undefined) return null
  const object = asRecord(value)
  const name = text(value) ?? (isFunction(object) ? text(object?.config) : undefined)
  if (name === undefined) throw new Refusal(`its activation is a custom object (${object?.class_name})`)
  const renamed = activationNames[name] ?? name
  // Keras 2: clip(0.2 x + 0.5), as in tfjs; Keras 3: relu6(x + 3) / 6.
  const meant = renamed === 'hard_sigmoid' && keras === 3 ? 'hard_sigmoid3' : renamed
  if (stockActivations.has(meant) || meant === 'hard_sigmoid' || Object.hasOwn(activations, meant)) return meant
  throw new Refusal(`its activation ${name} is not known`)
}

const isFunction = (object: Config | undefined): boolean =>
  object?.class_name === 'function' || object?.module === 'builtins'

const initializerNames: Readonly<Record<string, string>> = {
  LecunNormal: 'LeCunNormal',
  LecunUniform: 'LeCunUniform',
  OrthogonalInitializer: 'Orthogonal',
  IdentityInitializer: 'Identity',
}
const initializers = new Set(
  'Zeros Ones Constant RandomUniform RandomNormal TruncatedNormal Identity VarianceScaling GlorotUniform GlorotNormal HeNormal HeUniform LeCunNormal LeCunUniform Orthogonal'.split(
    ' ',
  ),
)

/** Only their kind is kept: the weights come from the file, so one that is not known may as well be zeros. */
export const initializerOf = (value: unknown): unknown => {
  const object = asRecord(value)
  if (!object) return value ?? null
  const name = initializerNames[String(object.class_name)] ?? String(object.class_name)
  const { input_axes, output_axes, dtype, seed, ...config } = asRecord(object.config) ?? {}
  if (!initializers.has(name) || asRecord(config.value) || Array.isArray(config.value)) {
    return { class_name: 'Zeros', config: {} }
  }
  // The one name of Keras for a distribution that tfjs lacks.
  const untruncated = config.distribution === 'untruncated_normal' && { distribution: 'normal' }
  return { class_name: name, config: { ...config, ...untruncated, ...(typeof seed === 'number' && { seed }) } }
}

/** A regulariser changes training, never a prediction: one that is not known is dropped with a note. */
export const regularizerOf = (value: unknown, { report }: ValueContext): unknown => {
  const object = asRecord(value)
  if (!object) return null
  const { l1, l2 } = asRecord(object.config) ?? {}
  const strength = (factor: unknown) => (typeof factor === 'number' ? factor : 0)
  switch (object.class_name) {
    case 'L1':
    case 'L2':
    case 'L1L2':
      return { class_name: 'L1L2', config: { l1: strength(l1), l2: strength(l2) } }
    default:
      report.note(`regulariser ${object.class_name} is left out: it matters in training only`)
      return null
  }
}

const constraints = new Set(['MaxNorm', 'MinMaxNorm', 'NonNeg', 'UnitNorm'])

export const constraintOf = (value: unknown, { report }: ValueContext): unknown => {
  const object = asRecord(value)
  if (!object) return null
  if (constraints.has(String(object.class_name))) return { class_name: object.class_name, config: object.config }
  report.note(`constraint ${object.class_name} is left out: it matters in training only`)
  return null
}
