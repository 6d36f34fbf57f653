/** Training that goes on where another program stopped: a Keras file's training configuration, and its optimiser's state in the slots of an engine. */
import { lossNames, optimizerNames } from '../contract/index.ts'
import { InvalidInputError } from '../errors.ts'
import type { OptimizerState } from '../graph/types.ts'

/** The same names and shapes as `fresh`, an engine's state before its first step. InvalidInputError when `stored` is of another model or optimiser. */
export const continuedState = (fresh: OptimizerState, stored: OptimizerState): OptimizerState => {
  const kinds = [...new Set(fresh.slots.map(({ name }) => kindOf(name)))]
  const count = fresh.slots.length / Math.max(1, kinds.length)
  const named = stored.slots.every(({ name }) => kinds.includes(kindOf(name)))
  const slots = fresh.slots.map((slot, at) => {
    const [kind, weight] = [kindOf(slot.name), Math.floor(at / kinds.length)]
    const own = named
      ? stored.slots.filter(({ name }) => kindOf(name) === kind)[weight]
      : stored.slots[kinds.includes('velocity') && kinds[0] === 'momentum' ? at : kinds.indexOf(kind) * count + weight]
    if (own && String(own.shape) === String(slot.shape)) return { ...slot, data: own.data }
    throw new InvalidInputError(
      `the file's optimiser state does not fit: ${slot.name} has shape [${slot.shape}], the file has ${own ? `[${own.shape}]` : 'none'}; start with fresh slots by giving --optimizer`,
      { param: 'from' },
    )
  })
  if (slots.length === stored.slots.length) return { step: stored.step, slots }
  throw new InvalidInputError(
    `the file's optimiser has ${stored.slots.length} slots, this one ${slots.length}; start with fresh slots by giving --optimizer`,
    { param: 'from' },
  )
}

/** What the optimisers here have by default and cannot change, in the spellings of Keras and TF.js. */
const constants: Readonly<Record<string, number | boolean>> = {
  beta_1: 0.9,
  beta_2: 0.999,
  epsilon: 1e-7,
  rho: 0.9,
  decay: 0.9,
  centered: false,
  nesterov: false,
  use_nesterov: false,
}

/**
 * Loss and, where it is known, optimiser and its rates as hyperparameters, of a training configuration as artifacts hold it. InvalidInputError naming what
 * this machine's optimisers would do differently.
 */
export const configuredTraining = (config: Readonly<Record<string, unknown>>): Record<string, string> => {
  const { class_name: className, config: options = {} } = (config.optimizer_config ?? {}) as {
    readonly class_name?: string
    readonly config?: Readonly<Record<string, unknown>>
  }
  const optimizer = className === 'Momentum' ? 'sgd' : className?.toLowerCase()
  const refuse = (what: string): never => {
    throw new InvalidInputError(
      `the file's ${what} is not what training here has; say it anew with --optimizer and --loss`,
      {
        param: 'from',
      },
    )
  }
  if (optimizer !== undefined && !(optimizerNames as readonly string[]).includes(optimizer))
    refuse(`optimiser ${className}`)
  for (const [option, value] of Object.entries(constants)) {
    const given = options[option] ?? value
    const same = typeof given === 'number' ? Math.abs(given - Number(value)) <= 1e-6 * Number(value) : given === value
    if (!same) refuse(`optimiser with ${option}=${given}`)
  }
  if (!(lossNames as readonly unknown[]).includes(config.loss)) refuse(`loss ${JSON.stringify(config.loss)}`)
  const numbers = {
    learning_rate: options.learning_rate,
    momentum: options.momentum,
    weight_decay: options.weight_decay,
    clip_norm: options.global_clipnorm,
    gradient_accumulation_steps: options.gradient_accumulation_steps,
  }
  const set = Object.entries(numbers).filter(([, value]) => typeof value === 'number' && value > 0)
  return {
    ...(optimizer !== undefined && { optimizer }),
    loss: String(config.loss),
    ...Object.fromEntries(set.map(([name, value]) => [name, String(value)])),
  }
}

/** `…/momentum`, `adam/dense_kernel_momentum`, `Adam/m/dense/kernel:0`. Adam's come in pairs, those of others kind by kind. */
const kindOf = (name: string): string => {
  const short = /\/([mv])\//.exec(name)?.[1]
  if (short !== undefined) return short === 'm' ? 'momentum' : 'velocity'
  return /(momentum|velocity)(?=[^a-z]*$)/.exec(name)?.[1] ?? /(momentum|velocity)/.exec(name)?.[1] ?? ''
}
