/** Try a model: one input, answered by one version or by two side by side, with the request as curl. */
import type { modelListSchema, modelMetadataSchema } from '@maas/core/contract'
import type { z } from 'zod'
import { field } from '../dialog.ts'
import { failure, h } from '../dom.ts'
import { drawingInput, type InputPanel, jsonInput, pictureInput } from '../inputs.ts'
import { empty, pageHead } from '../parts.ts'
import { curlOf, type Input, send, type Target } from '../request.ts'
import { agreement, asCurl, results } from '../results.ts'
import { getJson, part } from '../service.ts'

type Models = z.infer<typeof modelListSchema>['models']
type Metadata = z.infer<typeof modelMetadataSchema>

/** One example of the right shape, all zeros; long ones are left to the caller. */
const exampleBody = async (model: string, signal: AbortSignal): Promise<string> => {
  try {
    const { metadata } = await getJson<Metadata>(`/v1/models/${part(model)}/metadata`, signal)
    const inputs = Object.entries(metadata.signature_def.signature_def.serving_default?.inputs ?? {})
    const instances = inputs.map(([name, { dtype, tensor_shape: shape }]) => {
      const dims = shape.dim.slice(1).map(({ size }) => Math.max(1, Number(size)))
      return [name, zeros(dims, dtype === 'DT_STRING' ? 'text' : 0)] as const
    })
    const [only] = instances
    const text = JSON.stringify({ instances: [instances.length === 1 ? only?.[1] : Object.fromEntries(instances)] })
    return text.length > 4000 ? '' : text
  } catch {
    return ''
  }
}

const zeros = ([size, ...rest]: readonly number[], value: number | string): unknown =>
  size === undefined ? value : Array.from({ length: size }, () => zeros(rest, value))

const places = (models: Models, model: string): string[] => {
  const found = models.find(({ name }) => name === model)
  return found === undefined ? [] : [...Object.keys(found.aliases), ...found.versions.map(String)]
}

const placeText = (at: string): string => (/^\d+$/.test(at) ? `version ${at}` : `@${at}`)

const placeSelect = (options: readonly string[], chosen: string): HTMLSelectElement => {
  const select = h('select', {}, ...options.map((at) => h('option', { value: at }, placeText(at))))
  if (!options.includes(chosen) && chosen !== '') select.append(h('option', { value: chosen }, chosen))
  if (chosen !== '') select.value = chosen
  return select
}

const nothingYet = (): HTMLElement =>
  empty(h('h2', {}, 'The answer appears here'), h('p', {}, 'With the same request as a curl command to take along.'))

/** A card that fills when the answer comes, and the answer's body, undefined when it failed. */
const answerCard = (target: Target, input: Input, signal: AbortSignal) => {
  const place = h('div', {}, h('p', { class: 'soft', role: 'status' }, 'Asking…'))
  const body = send(target, input, signal).then(
    (answer) => {
      place.replaceChildren(results(answer))
      return answer.body
    },
    (error: unknown) => {
      place.replaceChildren(failure(error))
      return undefined
    },
  )
  const heading = target.at === '' ? target.model : `${target.model} ${placeText(target.at)}`
  return { element: h('section', { class: 'card' }, h('h2', {}, heading), place, asCurl(curlOf(target, input))), body }
}

export const tryPage = async (
  main: HTMLElement,
  [wanted = '', at = '']: readonly string[],
  signal: AbortSignal,
): Promise<void> => {
  const models = await getJson<{ models: Models }>('/models', signal).then(
    (list) => list.models,
    (): Models => [],
  )
  const name = wanted || models[0]?.name || ''
  const options = places(models, name)
  const model = h('input', { value: name, list: 'model-names', autocomplete: 'off', spellcheck: 'false' })
  model.addEventListener('change', () => {
    if (model.value !== name) location.hash = `#/try/${part(model.value)}`
  })
  const first = placeSelect(options, at || options[0] || '')
  const second = placeSelect(['', ...options], '')
  const [nobody] = second.options
  if (nobody) nobody.textContent = 'nothing'

  const answers = h('div', { class: 'answers', 'aria-live': 'polite' }, nothingYet())
  const run = async (panel: InputPanel): Promise<void> => {
    const input = await panel.read()
    if (input === undefined) {
      answers.replaceChildren(failure('Give an input first.'))
      return
    }
    const targets: Target[] = [first.value, ...(second.value === '' ? [] : [second.value])].map((place) => ({
      model: model.value,
      at: place,
    }))
    const asked = targets.map((target) => answerCard(target, input, signal))
    const verdict = h('p', { class: 'verdict', hidden: true })
    answers.replaceChildren(verdict, ...asked.map(({ element }) => element))
    const words = agreement(await Promise.all(asked.map(({ body }) => body)))
    verdict.textContent = words ?? ''
    verdict.hidden = words === undefined
  }

  const panels = {
    picture: { label: 'Picture', ...pictureInput(() => void run(panels.picture), signal) },
    drawing: { label: 'Drawing', ...drawingInput(() => void run(panels.drawing)) },
    json: { label: 'JSON', ...jsonInput(await exampleBody(name, signal)) },
  }
  let current: keyof typeof panels = 'picture'
  const holder = h('div', { class: 'panel' })
  const choose = (key: keyof typeof panels): void => {
    current = key
    holder.replaceChildren(panels[key].element)
  }
  const tabs = h(
    'fieldset',
    { class: 'tabs' },
    h('legend', {}, 'Input'),
    ...(Object.keys(panels) as (keyof typeof panels)[]).map((key) =>
      h(
        'label',
        {},
        h('input', { type: 'radio', name: 'kind', value: key, checked: key === current, change: () => choose(key) }),
        panels[key].label,
      ),
    ),
  )
  choose(current)

  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    void run(panels[current])
  }
  main.append(
    pageHead({ title: 'Try a model' }),
    h(
      'div',
      { class: 'bench' },
      h(
        'form',
        { class: 'card', submit },
        field('model', 'Model', model),
        h('datalist', { id: 'model-names' }, ...models.map(({ name: other }) => h('option', { value: other }))),
        h('div', { class: 'pair' }, field('first', 'Version', first), field('second', 'Compare with', second)),
        tabs,
        holder,
        h('button', { class: 'primary wide' }, 'Ask'),
      ),
      answers,
    ),
  )
}
