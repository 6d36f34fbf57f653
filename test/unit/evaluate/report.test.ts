import { type ClassificationEvaluation, type History, preprocessSchema } from '@maas/core/contract'
import { drawExamples, type ReportInput, renderReport } from '@maas/core/evaluate'
import { describe, expect, it } from 'vitest'

const evil = `"><script>alert('x')</script><img src=x onerror=alert(1)>&`

const evaluation = (labels: string[]): ClassificationEvaluation => ({
  task: 'classification',
  split: 'test',
  examples: 20,
  loss: 1.1,
  accuracy: 0.65,
  topK: { '1': 0.65, '3': 0.9 },
  labels,
  perClass: labels.map((label) => ({ label, support: 10, precision: 0.5, recall: 0.5, f1: 0.5 })),
  confusion: labels.map((_, row) => labels.map((_, column) => (row === column ? 7 : row < column ? 3 : 0))),
  calibration: { expectedError: 0.06, bins: [{ from: 0.5, to: 0.6, count: 20, confidence: 0.55, accuracy: 0.65 }] },
  mistakes: [
    { index: 3, source: `${evil}.jpg`, expected: labels[0] ?? '', predicted: labels[1] ?? '', confidence: 0.99 },
  ],
})

const history: History = {
  epochs: [
    { loss: 1.5, val_loss: 1.2, accuracy: 0.4, val_accuracy: 0.5 },
    { loss: 1.1, val_loss: 1.0, accuracy: 0.6, val_accuracy: 0.65 },
    { loss: 0.8, val_loss: 1.1, accuracy: 0.7, val_accuracy: 0.64 },
    { loss: 0.6, val_loss: 1.3, accuracy: 0.8, val_accuracy: 0.63 },
  ],
  bestEpoch: 2,
  notices: [
    { level: 'info', code: 'best_epoch', message: 'All 4 epochs done.' },
    { level: 'warning', code: 'overfitting', message: 'Overfitting since epoch 3.' },
  ],
}

const report = (changes: Partial<ReportInput> = {}, labels = ['cat', 'dog']): string =>
  renderReport({
    title: 'cifar10',
    evaluation: evaluation(labels),
    history,
    seconds: 61,
    model: { preset: 'cifar10-cnn', parameters: 167_562, summary: 'conv2d [30,30,32]' },
    data: {
      report: {
        name: 'cifar10.zip',
        fingerprint: 'f'.repeat(64),
        format: 'image-folder',
        split: 'given',
        rowShape: [32, 32, 3],
        balance: { train: [9, 8], validation: [1, 1], test: [10, 10] },
        badFiles: [{ path: evil, reason: 'cut short' }],
        badFileCount: 1,
        warnings: [evil],
        seconds: 9,
      },
      labels,
      preprocess: preprocessSchema.parse({ kind: 'image', height: 32, width: 32, channels: 3 }),
      examples: { train: 17, validation: 2, test: 20 },
    },
    settings: { epochs: '4' },
    lineage: { source: 'training', job: 'job-1', code: 'maas 0.1.0', kernels: 'wasm-4.22.0' },
    pictures: new Map([[3, 'data:image/png;base64,AAAA']]),
    ...changes,
  })

describe('the report', () => {
  it('asks nothing of any network: no address, no script, and a policy that forbids both', () => {
    const text = report()
    expect(text).toMatch(
      /Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; img-src data:;/,
    )
    expect(text).not.toMatch(/https?:\/\/|<script|<link|@import|url\(/)
  })

  it('escapes names of classes, files and data wherever they appear', () => {
    const text = report({ title: evil }, [evil, 'dog'])
    expect(text).not.toContain('<script>')
    expect(text).not.toContain('<img src=x')
    expect(text).toContain('&lt;script&gt;')
    // Nothing breaks out of an attribute: every tag still has its quotes in pairs.
    for (const [tag] of text.matchAll(/<[a-z][^>]*>/g)) expect((tag.match(/"/g) ?? []).length % 2, tag).toBe(0)
  })

  it('leads with the numbers and puts warnings before other notices', () => {
    const text = report()
    expect(text).toContain('<b>65.0 %</b><span>test accuracy</span>')
    expect(text).toContain('<b>167,562</b>')
    expect(text).toContain('<b>1 min 1 s</b>')
    expect(text.indexOf('Overfitting since epoch 3.')).toBeLessThan(text.indexOf('All 4 epochs done.'))
  })

  it('says what is done to a row before the model sees it', () => {
    expect(report()).toContain('32 × 32 pixels in colour, values 0 to 255 divided by 255</dd>')
  })

  it('draws both curves, marks the best epoch and shades overfitting', () => {
    const text = report()
    expect(text.match(/<polyline class="line (train|validation)"/g)).toHaveLength(4)
    expect(text.match(/best: epoch 2/g)).toHaveLength(2)
    expect(text.match(/class="shade"/g)).toHaveLength(2)
    expect(report({ history: { ...history, notices: [] } })).not.toContain('class="shade"')
  })

  it('shows mistakes as pictures, or as a table where there are none', () => {
    expect(report()).toContain('<img src="data:image/png;base64,AAAA"')
    expect(report({ pictures: new Map() })).not.toContain('<img')
  })

  it('stays small and without numbers in the cells for a hundred classes', () => {
    const labels = Array.from({ length: 100 }, (_, i) => `class ${i}`)
    expect(report({}, labels)).toContain('matrix dense')
    expect(report({}, labels).length).toBeLessThan(3e6)
  })

  it('has no NaN, undefined or object in it', () => {
    const oneEpoch = report({
      history: { epochs: [{ loss: 1, val_loss: 1, accuracy: 0.5, val_accuracy: 0.5 }], bestEpoch: 1, notices: [] },
    })
    const noHistory = report({ history: { epochs: [], bestEpoch: 0, notices: [] } })
    const numbers = report({
      evaluation: {
        task: 'regression',
        split: 'test',
        examples: 1,
        loss: 0,
        mse: 0,
        mae: 0,
        r2: 1,
        worst: [],
        points: [[1, 1]],
      },
    })
    for (const text of [report(), oneEpoch, noHistory, numbers])
      expect(text).not.toMatch(/NaN|undefined|\[object|Infinity/)
  })
})

describe('pictures of examples', () => {
  it('are PNGs of the raw pixels, of the examples asked for', async () => {
    const features = Uint8Array.from({ length: 2 * 4 * 4 * 3 }, (_, i) => i)
    const part = { examples: 2, rowShape: [4, 4, 3], features, targets: Int32Array.of(0, 1) }
    const pictures = await drawExamples(part, [1])
    const png = Buffer.from(pictures.get(1)?.split(',')[1] ?? '', 'base64')
    const { default: sharp } = await import('sharp')
    expect([...(await sharp(png).raw().toBuffer())]).toEqual([...features.subarray(48)])
    expect([...pictures.keys()]).toEqual([1])
  })

  it('are none for tables', async () => {
    expect(
      (
        await drawExamples(
          { examples: 1, rowShape: [4], features: new Float32Array(4), targets: Int32Array.of(0) },
          [0],
        )
      ).size,
    ).toBe(0)
  })
})
