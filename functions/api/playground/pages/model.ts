/** One model: aliases with their history, and its versions, newest first. */
import type { AliasRecord, Manifest } from '@maas/core/contract'
import { lastMove } from '@maas/core/contract/last-move'
import { confirmMove } from '../alias-dialog.ts'
import { failure, h } from '../dom.ts'
import { targets } from '../format.ts'
import { empty, pageHead, pill, time } from '../parts.ts'
import { getJson, part, sendJson } from '../service.ts'
import { versionSection } from './version.ts'

/** Versions shown before the others are asked for. */
const firstShown = 10

const changes = ({ history }: AliasRecord): HTMLElement =>
  h(
    'details',
    {},
    h('summary', {}, `${history.length} ${history.length === 1 ? 'change' : 'changes'}`),
    h(
      'ol',
      { class: 'history', reversed: true },
      ...[...history]
        .reverse()
        .map(({ at, by, why, to }) =>
          h('li', {}, time(at), `: ${targets(to)}, by ${by}${why === '' ? '' : `: ${why}`}`),
        ),
    ),
  )

const aliasRow = (record: AliasRecord, versions: readonly number[], redraw: () => void): HTMLElement => {
  const { name, alias, targets: now, shadow, generation } = record
  const before = lastMove(record)?.from
  const move = async (to: AliasRecord['targets'], reason: string): Promise<void> => {
    const path = `/models/${part(name)}/aliases/${part(alias)}`
    await sendJson('PUT', path, { targets: to, reason }, { 'if-match': `"${generation}"` })
    redraw()
  }
  return h(
    'li',
    {},
    h(
      'div',
      {},
      h('p', {}, pill(alias, 'accent'), ` ${targets(now)}${shadow === undefined ? '' : `, shadow version ${shadow}`}`),
      changes(record),
    ),
    h(
      'div',
      { class: 'buttons' },
      h('button', { type: 'button', click: () => confirmMove({ record, versions, move }) }, `Move ${alias}…`),
      before !== undefined &&
        h(
          'button',
          { type: 'button', click: () => confirmMove({ record, versions, move, back: before }) },
          `Roll ${alias} back…`,
        ),
    ),
  )
}

const newAlias = (name: string, versions: readonly number[], redraw: () => void): HTMLElement => {
  const create = async (alias: string, to: AliasRecord['targets'], reason: string): Promise<void> => {
    const path = `/models/${part(name)}/aliases/${part(alias)}`
    await sendJson('PUT', path, { targets: to, reason }, { 'if-none-match': '*' })
    redraw()
  }
  return h('button', { type: 'button', click: () => confirmMove({ versions, create }) }, 'New alias…')
}

export const modelPage = async (
  main: HTMLElement,
  [name = '']: readonly string[],
  signal: AbortSignal,
): Promise<void> => {
  const [{ versions }, { aliases }] = await Promise.all([
    getJson<{ versions: Manifest[] }>(`/models/${part(name)}/versions`, signal),
    getJson<{ aliases: AliasRecord[] }>(`/models/${part(name)}/aliases`, signal),
  ])
  const newest = versions.toSorted((a, b) => b.version - a.version)
  const numbers = newest.map(({ version }) => version)
  const redraw = (): void => {
    const built = h('div', {})
    modelPage(built, [name], signal).then(
      () => main.replaceChildren(...built.children),
      (error: unknown) => main.replaceChildren(failure(error)),
    )
  }
  const pointing = (version: number): string[] =>
    aliases.filter(({ targets: now }) => now.some((target) => target.version === version)).map(({ alias }) => alias)
  const sections = newest.map((manifest) => versionSection(name, manifest, pointing(manifest.version)))
  const more = h(
    'button',
    { type: 'button', click: () => more.replaceWith(...sections.slice(firstShown)) },
    `Show the other ${sections.length - firstShown}`,
  )
  main.append(
    pageHead({
      title: name,
      back: { href: '#/', text: 'Models' },
      actions: [h('a', { class: 'button primary', href: `#/try/${part(name)}` }, 'Try it')],
    }),
    h('div', { class: 'title' }, h('h2', {}, 'Aliases'), newAlias(name, numbers, redraw)),
    aliases.length > 0
      ? h('ul', { class: 'card rows' }, ...aliases.map((record) => aliasRow(record, numbers, redraw)))
      : empty(h('p', {}, 'None yet. An alias such as production is a name that callers use, and that you move.')),
    h('h2', {}, 'Versions'),
    ...sections.slice(0, firstShown),
    ...(sections.length > firstShown ? [more] : []),
  )
}
