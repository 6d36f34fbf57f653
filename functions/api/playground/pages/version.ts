/** One version of a model: its metrics, and on request its learning curves and reports. */
import type { History, Manifest } from '@maas/core/contract'
import { curves } from '../curves.ts'
import { failure, h } from '../dom.ts'
import { bytes, figure, metric, title } from '../format.ts'
import { facts, pill, time } from '../parts.ts'
import { ask, getJson, part } from '../service.ts'

const headline = ['test_accuracy', 'accuracy', 'test_mae', 'test_loss'] as const

/** Where a version came from, in words. */
const origin = ({ source, job, file }: Manifest['lineage']): string => {
  if (source === 'training') return job === undefined ? 'trained' : `trained by ${job}`
  return file === undefined ? 'imported' : `imported from ${file}`
}

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

type Load = () => Promise<readonly HTMLElement[]>

/** Buttons of which at most one is down, and below them what it shows. */
const disclosures = (views: readonly (readonly [text: string, load: Load])[]) => {
  const below = h('div', { class: 'below' })
  let shown: string | undefined
  const mark = (): void => {
    for (const button of buttons) button.setAttribute('aria-expanded', String(button.textContent === shown))
  }
  const show = async (text: string, load: Load): Promise<void> => {
    shown = shown === text ? undefined : text
    mark()
    below.replaceChildren()
    if (shown === undefined) return
    below.append(h('p', { class: 'soft', role: 'status' }, 'Loading…'))
    const loaded = await load().catch((error: unknown) => [failure(error)])
    // Another may have been asked for meanwhile.
    if (shown === text) below.replaceChildren(...loaded)
  }
  const buttons = views.map(([text, load]) =>
    h('button', { type: 'button', 'aria-expanded': 'false', click: () => void show(text, load) }, text),
  )
  return { buttons, below }
}

export const versionSection = (name: string, manifest: Manifest, aliases: readonly string[]): HTMLElement => {
  const { version, metrics, lineage } = manifest
  const at = `/models/${part(name)}/versions/${version}`
  const paths = new Set(manifest.files.map(({ path }) => path))
  const size = manifest.files.reduce((sum, file) => sum + file.size, 0)
  const learning: Load = async () => {
    const history = await getJson<History>(`${at}/history`)
    return [
      h('div', { class: 'curves' }, ...curves(history)),
      ...history.notices.map(({ level, message }) => h('p', { class: `notice ${level}` }, message)),
    ]
  }
  const { buttons, below } = disclosures([
    ...(paths.has('history.json') ? [['Learning curves', learning] as const] : []),
    ...Object.entries(files).flatMap(([path, [route, text]]) =>
      paths.has(path)
        ? [[text, async () => [await reportFrame(`${at}/${route}`, `${text} of version ${version}`)]] as const]
        : [],
    ),
  ])
  return h(
    'section',
    { class: 'card version', 'aria-label': `Version ${version}` },
    h(
      'div',
      { class: 'title' },
      h('h3', {}, `Version ${version}`, ...aliases.flatMap((alias) => [' ', pill(alias, 'accent')])),
      h(
        'a',
        { class: 'button', href: `#/try/${part(name)}/${version}`, 'aria-label': `Try version ${version}` },
        'Try it',
      ),
    ),
    h('p', { class: 'soft' }, time(manifest.createdAt), `, ${origin(lineage)}`),
    manifest.description !== undefined && h('p', {}, manifest.description),
    facts([
      ...headline.map((key) => metrics[key] !== undefined && ([title(key), metric(key, metrics[key])] as const)),
      metrics.parameters !== undefined && ['parameters', figure(metrics.parameters)],
      ['size', bytes(size)],
    ]),
    buttons.length > 0 && h('div', { class: 'buttons' }, ...buttons),
    below,
  )
}
