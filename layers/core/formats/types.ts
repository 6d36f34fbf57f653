/** The in-memory shape of a model, whatever file it came from: layers that can be trained, or a graph that can be served. */

/** One weight: row-major little-endian bytes. */
export interface WeightTensor {
  /** `layer/weight`, unique within the model. */
  readonly name: string
  readonly shape: readonly number[]
  readonly dtype: 'float32' | 'int32' | 'bool'
  readonly data: Uint8Array
}

/** Topology in Keras form as tfjs-layers reads it, its training configuration, and the weights in the topology's own order. */
export interface ModelArtifact {
  /** `{ class_name: 'Sequential' | 'Model', config, keras_version, backend }` */
  readonly topology: Readonly<Record<string, unknown>>
  /** `{ loss, metrics, optimizer_config }` as Keras writes it; some files do not say which optimiser. */
  readonly trainingConfig?: Readonly<Record<string, unknown>>
  readonly weights: readonly WeightTensor[]
}

/**
 * A model without layers, from a SavedModel or a TF.js graph model: one `saved_model.pb` with the tag `serve` and the signature
 * `serving_default`, weights inside, of allowed operations only.
 */
export interface GraphArtifact {
  readonly graph: Uint8Array
}

/** What a version may be made of. */
export type ServableArtifact = ModelArtifact | GraphArtifact
