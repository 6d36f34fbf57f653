/** The playground's files as answers: the page and its parts, with a policy that keeps everything else out. */
import type { ApiOperation } from '@maas/core/contract'
import { NotFoundError } from '@maas/core/errors'
import type { Handler, Reply } from '@maas/core/http'
import type { Assets } from './assets.ts'

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
}

/**
 * Scripts come from this service alone. Styles may be inline for the reports' sake: they are shown in a frame without any right, which
 * takes over this policy.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export const playgroundHandlers = (assets: Assets): Record<Extract<ApiOperation, `playground${string}`>, Handler> => {
  const file = async (name: string): Promise<Reply> => {
    const body = await assets(name)
    if (body === undefined) throw new NotFoundError(`The playground has no file ${name}.`)
    return {
      body,
      headers: {
        'content-type': types[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream',
        'content-security-policy': policy,
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-cache',
      },
    }
  }
  return {
    playground: () => file('index.html'),
    playgroundAsset: ({ params: { asset = '' } }) => file(asset),
  }
}
