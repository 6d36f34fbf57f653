/** The three ways to give an input: a picture, a drawing, JSON. */
import { failure, h } from './dom.ts'
import type { Input } from './request.ts'

export interface InputPanel {
  readonly element: HTMLElement
  /** Undefined while nothing was given yet. */
  readonly read: () => Promise<Input | undefined>
}

/** Pictures up to this many pixels wide are shown with their pixels, as the model sees them. */
const smallPicture = 128

/** A file that is chosen, dropped or pasted; `given` is called with it. */
export const pictureInput = (given: () => void, signal: AbortSignal): InputPanel => {
  let file: File | undefined
  let shown: string | undefined
  const preview = h('img', {
    alt: '',
    hidden: true,
    load: () => preview.classList.toggle('pixels', preview.naturalWidth <= smallPicture),
  })
  const name = h('span', { class: 'soft' })
  const said = h('div', {})
  const take = (next: File | undefined): void => {
    if (next === undefined) return
    if (!next.type.startsWith('image/')) {
      said.replaceChildren(failure(`${next.name || 'That'} is no picture; choose a JPEG, PNG or WebP file.`))
      return
    }
    said.replaceChildren()
    if (shown !== undefined) URL.revokeObjectURL(shown)
    file = next
    shown = URL.createObjectURL(next)
    preview.src = shown
    preview.alt = `The picture ${next.name}`
    preview.hidden = false
    name.textContent = next.name
    given()
  }
  // It lies over the whole zone without being seen: clicks open it, drops land in it, keys reach it.
  const chooser = h('input', {
    type: 'file',
    id: 'picture',
    accept: 'image/jpeg,image/png,image/webp',
    change: () => take(chooser.files?.[0]),
    dragenter: () => zone.classList.add('over'),
    dragleave: () => zone.classList.remove('over'),
    drop: (event: DragEvent) => {
      event.preventDefault()
      zone.classList.remove('over')
      take(event.dataTransfer?.files[0])
    },
  })
  const zone = h(
    'div',
    { class: 'drop' },
    preview,
    h('label', { for: 'picture' }, 'Drop, paste or choose a JPEG, PNG or WebP picture'),
    name,
    chooser,
  )
  addEventListener('paste', (event) => take((event as ClipboardEvent).clipboardData?.files[0]), { signal })
  signal.addEventListener('abort', () => shown !== undefined && URL.revokeObjectURL(shown))
  return {
    element: h('div', {}, zone, said),
    read: async () => file && { kind: 'image', blob: file, name: file.name },
  }
}

/** White on black, as handwritten digits are; keys cannot draw, so a picture may be chosen instead. */
export const drawingInput = (given: () => void): InputPanel => {
  const canvas = h('canvas', {
    class: 'drawing',
    width: 280,
    height: 280,
    role: 'img',
    'aria-label': 'Drawing area for a pointer; with the keyboard, choose a picture instead',
  })
  const context = canvas.getContext('2d') as CanvasRenderingContext2D
  let drawn = false
  const clear = (): void => {
    context.fillStyle = '#000'
    context.fillRect(0, 0, canvas.width, canvas.height)
    drawn = false
  }
  const point = (event: PointerEvent): readonly [number, number] => {
    const box = canvas.getBoundingClientRect()
    return [
      ((event.clientX - box.left) / box.width) * canvas.width,
      ((event.clientY - box.top) / box.height) * canvas.height,
    ]
  }
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId)
    Object.assign(context, { lineWidth: 20, lineCap: 'round', lineJoin: 'round', strokeStyle: '#fff' })
    context.beginPath()
    context.moveTo(...point(event))
  })
  canvas.addEventListener('pointermove', (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return
    context.lineTo(...point(event))
    context.stroke()
    drawn = true
  })
  canvas.addEventListener('pointerup', () => drawn && given())
  clear()
  const read = async (): Promise<Input | undefined> => {
    if (!drawn) return undefined
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'))
    return blob === null ? undefined : { kind: 'image', blob, name: 'drawing.png' }
  }
  return { element: h('div', {}, canvas, h('button', { type: 'button', click: clear }, 'Clear')), read }
}

/** A body for `:predict`, or with `examples` for `:classify`. */
export const jsonInput = (example: string): InputPanel => {
  const text = h('textarea', { id: 'json', rows: 10, spellcheck: 'false' })
  text.value = example
  return {
    element: h(
      'div',
      {},
      h('label', { for: 'json' }, 'JSON body: {"instances": …}, {"inputs": …} or {"examples": …}'),
      text,
    ),
    read: async () => (text.value.trim() === '' ? undefined : { kind: 'json', text: text.value }),
  }
}
