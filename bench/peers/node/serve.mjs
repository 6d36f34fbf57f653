// Peer: fastify, sharp and onnxruntime-node; the same two routes as ours.
// @ts-check
import Fastify from 'fastify'
import sharp from 'sharp'
import { loadModel, versionsOf } from './model.mjs'
import { say } from './protocol.mjs'

const call = await loadModel(/** @type {string} */ (process.argv[2]))
const app = Fastify({ bodyLimit: 64 * 1024 * 1024 })
app.addContentTypeParser('image/jpeg', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

// A doubled colon is fastify's way to write one.
app.post('/v1/models/bench::predict', async (request) => {
  const { instances } = /** @type {{ instances: number[][][][] }} */ (request.body)
  const pixels = new Float32Array(instances.length * 3072)
  let at = 0
  for (const image of instances)
    for (const row of image) for (const pixel of row) for (const value of pixel) pixels[at++] = value
  const outputs = await call(pixels, instances.length)
  return { predictions: instances.map((_, i) => [...outputs.subarray(i * 10, (i + 1) * 10)]) }
})

app.post('/v1/models/bench::classify', async (request) => {
  const image = sharp(/** @type {Buffer} */ (request.body))
    .removeAlpha()
    .toColourspace('srgb')
  const bytes = await image.raw().toBuffer()
  const pixels = new Float32Array(bytes.length)
  for (let i = 0; i < bytes.length; i++) pixels[i] = /** @type {number} */ (bytes[i]) / 255
  const probabilities = await call(pixels, 1)
  const sorted = [...probabilities].map((value, label) => /** @type {const} */ ([String(label), value]))
  return { results: [sorted.sort((a, b) => b[1] - a[1])] }
})

await call(new Float32Array(3072), 1)
const url = await app.listen({ host: '127.0.0.1', port: 0 })
say({ ready: versionsOf(['fastify', 'onnxruntime-node', 'sharp']), url, pid: process.pid })
