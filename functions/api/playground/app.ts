/** The playground: shows the page that the address names, and asks for the key. */
import { askFor, field } from './dialog.ts'
import { failure, h } from './dom.ts'
import { jobsPage } from './pages/jobs.ts'
import { modelPage } from './pages/model.ts'
import { modelsPage } from './pages/models.ts'
import { tryPage } from './pages/try.ts'
import { empty } from './parts.ts'
import { apiKey, ServiceError } from './service.ts'

/** Fills `main`; ends what it started when the signal aborts. */
export type Page = (main: HTMLElement, parameters: readonly string[], signal: AbortSignal) => Promise<void>

const pages: readonly (readonly [RegExp, Page])[] = [
  [/^\/$/, modelsPage],
  [/^\/models\/([^/]+)$/, modelPage],
  [/^\/try(?:\/([^/]+))?(?:\/([^/]+))?$/, tryPage],
  [/^\/jobs(?:\/([^/]+))?$/, jobsPage],
]

const main = document.getElementById('main') as HTMLElement
const keyButton = document.getElementById('key')
let leaving = new AbortController()

const mark = (path: string): void => {
  for (const link of document.querySelectorAll('header nav a')) {
    const own = (link.getAttribute('href') ?? '').replace(/^#/, '')
    const here = own === '/' ? path === '/' || path.startsWith('/models/') : own.startsWith('/') && path.startsWith(own)
    if (here) link.setAttribute('aria-current', 'page')
    else link.removeAttribute('aria-current')
  }
  if (keyButton) keyButton.textContent = apiKey.get() === '' ? 'API key' : 'API key set'
}

/** A service that wants a key is no fault: the page asks for it. */
const refusal = (error: unknown): HTMLElement =>
  error instanceof ServiceError && error.status === 401
    ? empty(
        h('h2', {}, 'This service asks for an API key'),
        h('p', {}, error.message),
        h('button', { type: 'button', class: 'primary', click: askForKey }, 'Give a key…'),
      )
    : failure(error)

const show = async (): Promise<void> => {
  leaving.abort()
  leaving = new AbortController()
  const { signal } = leaving
  const path = location.hash.replace(/^#/, '') || '/'
  if (!path.startsWith('/')) return
  mark(path)
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
    if (!signal.aborted) content.replaceChildren(refusal(error))
  }
  if (!signal.aborted) document.title = `${content.querySelector('h1')?.textContent ?? 'maas'} · maas playground`
}

const askForKey = (): void => {
  const input = h('input', { type: 'password', autocomplete: 'off', spellcheck: 'false' })
  input.value = apiKey.get()
  askFor({
    id: 'key-title',
    title: 'API key',
    content: [
      h(
        'p',
        {},
        'It stays in this tab and is sent to this service alone. Leave it empty where the service has no keys.',
      ),
      field('key-value', 'Key', input),
    ],
    confirm: 'Use it',
    run: async () => {
      apiKey.set(input.value.trim())
      void show()
    },
  })
}

keyButton?.addEventListener('click', askForKey)
addEventListener('hashchange', () => {
  void show().then(() => main.focus({ preventScroll: true }))
})
void show()
