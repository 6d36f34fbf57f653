/** All models with their aliases and newest version. */

import type { modelListSchema } from '@maas/core/contract'
import type { z } from 'zod'
import { h } from '../dom.ts'
import { targets } from '../format.ts'
import { getJson, part, ServiceError } from '../service.ts'

type ModelList = z.infer<typeof modelListSchema>

export const modelsPage = async (main: HTMLElement, _: readonly string[], signal: AbortSignal): Promise<void> => {
  const { models } = await getJson<ModelList>('/models', signal).catch((error: unknown): ModelList => {
    // A key that may only predict cannot list; its holder knows the model's name.
    if (error instanceof ServiceError && error.status === 403) return { models: [] }
    throw error
  })
  main.append(h('h1', {}, 'Models'))
  if (models.length === 0) {
    main.append(
      h(
        'p',
        {},
        'None to show yet. Train one in a terminal, or open one by its name under ',
        h('a', { href: '#/try' }, 'Try'),
        '.',
      ),
      h('pre', {}, 'npx maas quickstart'),
    )
    return
  }
  main.append(
    h(
      'ul',
      { class: 'cards' },
      ...models.map(({ name, versions, aliases }) =>
        h(
          'li',
          { class: 'card' },
          h('h2', {}, h('a', { href: `#/models/${part(name)}` }, name)),
          h(
            'p',
            { class: 'soft' },
            versions.length === 1 ? '1 version' : `${versions.length} versions, newest ${Math.max(...versions)}`,
          ),
          ...Object.entries(aliases).map(([alias, list]) =>
            h('p', {}, h('span', { class: 'alias' }, alias), ` ${targets(list)}`),
          ),
          h('a', { class: 'button', href: `#/try/${part(name)}` }, 'Try it'),
        ),
      ),
    ),
  )
}
