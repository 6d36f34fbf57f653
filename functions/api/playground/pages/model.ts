/** One model: versions with metrics, aliases with their history, learning curves and reports. */
import type { AliasRecord, History, Manifest } from '@maas/core/contract'
import { confirmMove } from '../alias-dialog.ts'
import { curve } from '../curves.ts'
import { failure, h } from '../dom.ts'
import { bytes, figure, targets, title, when } from '../format.ts'
import { ask, getJson, part, sendJson } from '../service.ts'

const headline = ['test_accuracy', 'accuracy', 'test_loss', 'parameters'] as const

/** The report runs nothing and reaches nobody: it is text from data sets, shown in a frame without rights. */
const reportFrame = async (path: string, name: string): Promise<HTMLElement> => {
  const frame = h('iframe', { class: 'report', sandbox: '', title: name })
  frame.srcdoc = await (await ask(path)).text()
  return frame
}

const files = {
  'report.html': ['report', 'Evaluation report'],
  'conversion.json': ['conversion/report', 'Conversion report'],
} as const

const versionSection = (name: string, manifest: Manifest): HTMLElement => {
  const { version } = manifest
  const at = `/models/${part(name)}/versions/${version}`
  const paths = new Set(manifest.files.map(({ path }) => path))
  const below = h('div', {})
  const shows = (text: string, load: () => Promise<readonly (HTMLElement | undefined)[]>): HTMLElement =>
    h(
      'button',
      {
        type: 'button',
        click: async () => {
          below.replaceChildren(h('p', { role: 'status' }, 'Loading…'))
          try {
            below.replaceChildren(...(await load()).filter((element) => element !== undefined))
          } catch (error) {
            below.replaceChildren(failure(error))
          }
        },
      },
      text,
    )
  const size = manifest.files.reduce((sum, file) => sum + file.size, 0)
  const figures = headline.filter((metric) => manifest.metrics[metric] !== undefined)
  return h(
    'section',
    { class: 'card version', 'aria-label': `Version ${version}` },
    h('h3', {}, `Version ${version}`),
    h('p', { class: 'soft' }, `${when(manifest.createdAt)}, ${manifest.lineage.source}, ${bytes(size)}`),
    manifest.description !== undefined && h('p', {}, manifest.description),
    h(
      'dl',
      {},
      ...figures.flatMap((metric) => [h('dt', {}, title(metric)), h('dd', {}, figure(manifest.metrics[metric] ?? 0))]),
    ),
    h(
      'div',
      { class: 'buttons' },
      h('a', { class: 'button', href: `#/try/${part(name)}/${version}` }, 'Try it'),
      paths.has('history.json') &&
        shows('Learning curves', async () => {
          const history = await getJson<History>(`${at}/history`)
          const drawn = ['loss', 'accuracy', 'mae'].map((metric) => curve(history, metric))
          return [
            h('div', { class: 'curves' }, ...drawn),
            ...history.notices.map(({ level, message }) => h('p', { class: `notice ${level}` }, message)),
          ]
        }),
      ...Object.entries(files).map(
        ([path, [route, text]]) =>
          paths.has(path) &&
          shows(text, async () => [await reportFrame(`${at}/${route}`, `${text} of version ${version}`)]),
      ),
    ),
    below,
  )
}

const aliasRow = (record: AliasRecord, versions: readonly number[], redraw: () => void): HTMLElement => {
  const { name, alias, targets: now, generation, history } = record
  const before = history.at(-1)?.from
  const move = async (to: AliasRecord['targets'], reason: string): Promise<void> => {
    const path = `/models/${part(name)}/aliases/${part(alias)}`
    await sendJson('PUT', path, { targets: to, reason }, { 'if-match': `"${generation}"` })
    redraw()
  }
  return h(
    'li',
    { class: 'card' },
    h('p', {}, h('span', { class: 'alias' }, alias), ` ${targets(now)}`),
    h(
      'div',
      { class: 'buttons' },
      h('button', { type: 'button', click: () => confirmMove({ record, versions, move }) }, `Move ${alias}…`),
      before !== undefined &&
        before.length > 0 &&
        h(
          'button',
          { type: 'button', click: () => confirmMove({ record, versions, move, back: before }) },
          `Roll ${alias} back…`,
        ),
    ),
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
            h('li', {}, `${when(at)}: ${targets(to)}, by ${by}${why === '' ? '' : `: ${why}`}`),
          ),
      ),
    ),
  )
}

const newAlias = (name: string, versions: readonly number[], redraw: () => void): HTMLElement => {
  const create = async (alias: string, to: AliasRecord['targets'], reason: string): Promise<void> => {
    await sendJson(
      'PUT',
      `/models/${part(name)}/aliases/${part(alias)}`,
      { targets: to, reason },
      { 'if-none-match': '*' },
    )
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
  const numbers = versions.map(({ version }) => version)
  const redraw = (): void => {
    main.replaceChildren()
    modelPage(main, [name], signal).catch((error: unknown) => main.replaceChildren(failure(error)))
  }
  main.append(
    h('h1', {}, name),
    h('h2', {}, 'Aliases'),
    h('ul', { class: 'cards' }, ...aliases.map((record) => aliasRow(record, numbers, redraw))),
    newAlias(name, numbers, redraw),
    h('h2', {}, 'Versions'),
    ...versions.map((manifest) => versionSection(name, manifest)),
  )
}
