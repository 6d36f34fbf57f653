/** Forms that hold one tensor and no name. */
import type { TensorSpec } from '@maas/core/contract'
import { InvalidInputError } from '@maas/core/errors'

/** The only input or output; InvalidInputError names all of them when there are several. */
export const onlyTensor = (
  specs: readonly TensorSpec[],
  what: 'input' | 'output',
  { name }: { readonly name: string },
  form: string,
): TensorSpec => {
  const [only, ...others] = specs
  if (only !== undefined && others.length === 0) return only
  const names = specs.map((spec) => `"${spec.name}"`).join(', ')
  const way = what === 'input' ? 'Send' : 'Ask for'
  throw new InvalidInputError(
    `"${name}" has the ${what}s ${names}, and ${form} holds one without a name. ${way} application/json.`,
    { param: what === 'input' ? 'content-type' : 'accept' },
  )
}
