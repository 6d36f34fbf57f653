/** What became of each layer of a converted model; everything refused is said at once, by name, with a way forward. */
import { UnsupportedError } from '../../errors.ts'

export interface LayerReport {
  readonly name: string
  readonly className: string
  readonly status: 'supported' | 'adapted' | 'refused'
  /** For what is adapted or refused. */
  readonly why?: string
}

export interface ConversionReport {
  /** e.g. `Keras 3.15.1, HDF5` */
  readonly source: string
  readonly layers: readonly LayerReport[]
  /** What is not about one layer: training configuration left out, half precision widened. */
  readonly notes: readonly string[]
}

/** A model of which some layers cannot be converted exactly; the report names them all. */
export class ConversionRefusedError extends UnsupportedError {
  readonly report: ConversionReport

  constructor(message: string, report: ConversionReport) {
    super(message)
    this.report = report
  }
}

/** Collects while a model is converted. */
export class ReportBuilder {
  readonly #layers: LayerReport[] = []
  readonly #notes = new Set<string>()

  layer(name: string, className: string, status: LayerReport['status'], why?: string): void {
    this.#layers.push({ name, className, status, ...(why !== undefined && { why }) })
  }

  note(sentence: string): void {
    this.#notes.add(sentence)
  }

  /** ConversionRefusedError when anything was refused. */
  finish(source: string): ConversionReport {
    const refused = this.#layers.filter(({ status }) => status === 'refused')
    if (refused.length > 0) {
      const reasons = refused.map(({ name, className, why }) => `${name} (${className}): ${why}`)
      throw new ConversionRefusedError(
        `${refused.length} of ${this.#layers.length} layers cannot be converted exactly, so the model is refused: ${reasons.join('; ')}`,
        { source, layers: this.#layers, notes: [...this.#notes] },
      )
    }
    return { source, layers: this.#layers, notes: [...this.#notes] }
  }
}

/** Thrown by a rule; becomes the layer's reason in the report. */
export class Refusal extends Error {}
