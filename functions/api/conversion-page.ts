/** Conversion report and parity certificate of a version as one self-contained page. */
import type { Certificate, Conversion, Manifest, Replay } from '@maas/core/contract'
import { html, type Markup, style } from '@maas/core/html'

const words = { supported: 'supported', adapted: 'adapted', refused: 'refused' } as const

export const conversionPage = (manifest: Manifest, conversion: Conversion, certificate: Certificate): string => {
  const { name, version, createdAt, lineage } = manifest
  const count = (status: keyof typeof words) => conversion.layers.filter((layer) => layer.status === status).length
  const [newest] = certificate.replays
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${name}:${version} conversion</title><style>${style}</style></head>
<body><main>
<h1>${name}:${version}</h1>
<p class="soft">Imported from ${lineage.file ?? 'a file'} (${conversion.source}) on ${createdAt.slice(0, 16).replace('T', ' ')} UTC, checked on ${lineage.kernels}.</p>
<div class="tiles">
<div class="card tile"><b>${conversion.layers.length}</b><span>layers</span></div>
<div class="card tile"><b>${count('supported')}</b><span>supported as they are</span></div>
<div class="card tile"><b>${count('adapted')}</b><span>adapted, exactly</span></div>
<div class="card tile"><b>${newest === undefined ? 'none' : newest.passed ? 'passes' : 'FAILS'}</b><span>parity certificate</span></div>
</div>
<h2>Parity certificate</h2>
${certificateSection(certificate)}
<h2>Layers</h2>
<div class="card scroll"><table><thead><tr><th>layer</th><th class="wrap">class</th><th class="wrap">status</th><th class="wrap">why</th></tr></thead><tbody>
${conversion.layers.map(
  (layer) =>
    html`<tr><td>${layer.name}</td><td class="wrap">${layer.className}</td><td class="wrap">${words[layer.status]}</td><td class="wrap">${layer.why ?? ''}</td></tr>\n`,
)}</tbody></table></div>
${conversion.notes.length > 0 && html`<h2>Notes</h2>${conversion.notes.map((note) => html`<p class="notice">${note}</p>\n`)}`}
</main></body></html>`.text
}

const certificateSection = ({ golden, replays }: Certificate): Markup => {
  if (golden === undefined) {
    return html`<p class="notice warning">There is none: no golden inputs were given and none could be made up. Push the model again with --golden x.npy y.npy.</p>`
  }
  const source =
    golden.source === 'given'
      ? 'Golden inputs and outputs were given with the model.'
      : `Inputs were drawn with seed ${golden.seed ?? 0} and answered by the eager reference path.`
  return html`<p>${source} Allowed is a largest difference of ${golden.tolerance}, relative to the largest output.</p>
<div class="card scroll"><table><thead><tr><th>kernels</th><th>when</th><th>ran</th><th>rows</th><th>largest difference</th><th>result</th></tr></thead><tbody>
${replays.map(replayRow)}</tbody></table></div>`
}

const replayRow = ({ kernels, at, mode, rows, difference, passed }: Replay): Markup =>
  html`<tr><td>${kernels}</td><td>${at.slice(0, 16).replace('T', ' ')}</td><td>${mode}</td><td>${rows}</td><td>${difference === null ? 'not comparable' : difference.toExponential(1)}</td><td>${passed ? 'passes' : 'FAILS'}</td></tr>\n`
