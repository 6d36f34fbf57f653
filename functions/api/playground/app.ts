/** The playground: shows the page that the address names, and asks for the key. */
import { failure, h } from './dom.ts'
import { jobsPage } from './pages/jobs.ts'
import { modelPage } from './pages/model.ts'
import { modelsPage } from './pages/models.ts'
import { tryPage } from './pages/try.ts'
import { apiKey } from './service.ts'

/** Fills `main`; ends what it started when the signal aborts. */
export type Page = (main: HTMLElement, parameters: readonly string[], signal: AbortSignal) => Promise<void>

const pages: readonly (readonly [RegExp, Page])[] = [
  [/^\/$/, modelsPage],
  [/^\/models\/([^/]+)$/, modelPage],
  [/^\/try(?:\/([^/]+))?(?:\/([^/]+))?$/, tryPage],
  [/^\/jobs(?:\/([^/]+))?$/, jobsPage],
]

const main = document.getElementById('main') as HTMLElement
let leaving = new AbortController()

const show = async (): Promise<void> => {
  leaving.abort()
  leaving = new AbortController()
  const { signal } = leaving
  const path = location.hash.replace(/^#/, '') || '/'
  if (!path.startsWith('/')) return
  for (const link of document.querySelectorAll('nav a')) {
    const own = (link.getAttribute('href') ?? '').replace(/^#/, '')
    const here = own === '/' ? path === '/' || path.startsWith('/models/') : own.startsWith('/') && path.startsWith(own)
    if (here) link.setAttribute('aria-current', 'page')
    else link.removeAttribute('aria-current')
  }
  const [pattern, page] = pages.find(([candidate]) => candidate.test(path)) ?? []
  const content = h('div', {})
  main.replaceChildren(content)
  if (pattern === undefined || page === undefined) {
    content.append(failure(`There is no page ${path}.`), h('p', {}, h('a', { href: '#/' }, 'All models')))
    return
  }
  content.append(h('p', { class: 'soft', role: 'status' }, 'Loading…'))
  const parameters = (pattern.exec(path) ?? []).slice(1).map((text) => decodeURIComponent(text ?? ''))
  const built = h('div', {})
  try {
    await page(built, parameters, signal)
    if (!signal.aborted) content.replaceChildren(built)
  } catch (error) {
    if (!signal.aborted) content.replaceChildren(failure(error))
  }
}

const askForKey = (): void => {
  const input = h('input', { type: 'password', id: 'key-value', autocomplete: 'off', spellcheck: 'false' })
  input.value = apiKey.get()
  const dialog = h(
    'dialog',
    { 'aria-labelledby': 'key-title', close: () => dialog.remove() },
    h(
      'form',
      {
        method: 'dialog',
        submit: () => {
          apiKey.set(input.value.trim())
          void show()
        },
      },
      h('h2', { id: 'key-title' }, 'API key'),
      h(
        'p',
        {},
        'It stays in this tab and is sent to this service alone. Leave it empty where the service has no keys.',
      ),
      h('label', { for: 'key-value' }, 'Key'),
      input,
      h(
        'div',
        { class: 'buttons' },
        h('button', { class: 'primary' }, 'Use it'),
        h('button', { type: 'button', click: () => dialog.close() }, 'Cancel'),
      ),
    ),
  )
  document.body.append(dialog)
  dialog.showModal()
}

document.getElementById('key')?.addEventListener('click', askForKey)
addEventListener('hashchange', () => {
  void show().then(() => main.focus({ preventScroll: true }))
})
void show()
