/** What a rule about a layer's options says, and the words rules are written in. */
import type { Config } from './config.ts'

/** What a layer becomes when its name or options change. */
export interface Converted {
  readonly className: string
  readonly config: Config
  /** For the report: what was changed. */
  readonly why: string
}

/** What a rule may look at beside the layer. */
export interface RuleContext {
  readonly keras?: 2 | 3
  readonly masked?: boolean
  readonly inputs?: readonly (readonly (readonly [string, number, number])[])[]
}

export interface LayerRule {
  /** Options passed on; initialisers and the like are translated by their names' endings. */
  readonly keep: readonly string[]
  /** Options which change nothing at these values; any other value refuses the layer. */
  readonly only?: Readonly<Record<string, readonly unknown[]>>
  /** What to do with options that are not listed. @default refuse those that are on */
  readonly others?: 'drop'
  /** Last touches on the kept options, with the layer's own configuration at hand. */
  readonly convert?: (kept: Config, own: Config, context: RuleContext) => Config | Converted
  /** Which of the stored variables the layer has here, when not all. */
  readonly variables?: (names: readonly string[]) => readonly string[]
}

/** The option may have any value: it changes nothing, or `convert` looks after it. */
export const ANY: readonly unknown[] = []

export const variables = (...names: string[]): string[] =>
  names.flatMap((name) => [`${name}_initializer`, `${name}_regularizer`, `${name}_constraint`])

/** Of layers that look at a window of their input. */
export const window = ['kernel_size', 'strides', 'padding', 'dilation_rate', 'data_format']

export const lastChannels = { data_format: ['channels_last'] }
export const rule = (
  keep: readonly string[] = [],
  only?: LayerRule['only'],
  convert?: LayerRule['convert'],
): LayerRule => ({
  keep,
  ...(only && { only }),
  ...(convert && { convert }),
})

/** A class of ours in place of tfjs' own. */
export const adapted = (className: string, config: Config, why: string): Converted => ({ className, config, why })
