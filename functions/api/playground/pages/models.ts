/** All models with their aliases and newest version. */
import type { modelListSchema } from '@maas/core/contract'
import type { z } from 'zod'
import { h } from '../dom.ts'
import { targets } from '../format.ts'
import { code, empty, pageHead, pill } from '../parts.ts'
import { getJson, part, ServiceError } from '../service.ts'

type ModelList = z.infer<typeof modelListSchema>

const card = ({ name, versions, aliases }: ModelList['models'][number]): HTMLElement =>
  h(
    'li',
    { class: 'card link' },
    h('h2', {}, h('a', { href: `#/models/${part(name)}` }, name)),
    h(
      'p',
      { class: 'soft' },
      versions.length === 1 ? '1 version' : `${versions.length} versions, newest ${Math.max(...versions)}`,
    ),
    h(
      'ul',
      { class: 'list' },
      ...Object.entries(aliases).map(([alias, list]) => h('li', {}, pill(alias, 'accent'), ` ${targets(list)}`)),
    ),
    h('a', { class: 'button', href: `#/try/${part(name)}`, 'aria-label': `Try ${name}` }, 'Try it'),
  )

export const modelsPage = async (main: HTMLElement, _: readonly string[], signal: AbortSignal): Promise<void> => {
  const { models } = await getJson<ModelList>('/models', signal).catch((error: unknown): ModelList => {
    // A key that may only predict cannot list; its holder knows the model's name.
    if (error instanceof ServiceError && error.status === 403) return { models: [] }
    throw error
  })
  main.append(pageHead({ title: 'Models' }))
  if (models.length > 0) return main.append(h('ul', { class: 'cards' }, ...models.map(card)))
  main.append(
    empty(
      h('h2', {}, 'No models to show yet'),
      h(
        'p',
        {},
        'Train one in a terminal, push a Keras file, or open one by its name under ',
        h('a', { href: '#/try' }, 'Try'),
        '.',
      ),
      code('npx maas quickstart'),
    ),
  )
}
