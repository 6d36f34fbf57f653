// Run in a child process: computes a convolution, a matrix product and a graph with the kernels in argv[2] and checks the values.
const { join, resolve } = require('node:path')
const tf = require('@tensorflow/tfjs-core')

const directory = resolve(process.argv[2])
const { binding } = require(join(directory, 'native.cjs'))(tf, join(directory, 'tfjs_binding.node'))
tf.setBackend('tensorflow')

/** Sums of 2x2 windows of 1..9, and a product worked out by hand. */
const cases = {
  convolution: [
    tf.conv2d(tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1]), tf.ones([2, 2, 1, 1]), 1, 'valid'),
    [12, 16, 24, 28],
  ],
  product: [tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6, 7, 8], [2, 2])), [19, 22, 43, 50]],
}
for (const [name, [tensor, expected]] of Object.entries(cases)) {
  const got = [...tensor.dataSync()]
  if (got.join() !== expected.join()) {
    console.error(`${name}: got ${got.join()} instead of ${expected.join()}`)
    process.exit(1)
  }
}

/** The graph `sum = input + input`, message by message; no part is over 127 bytes. */
const part = (number, content) => [(number << 3) | 2, content.length, ...content]
const text = (number, value) => part(number, Buffer.from(value))
const float = (name) => part(5, [...text(1, name), ...part(2, [6 << 3, 1])])
const graph = Uint8Array.from([
  ...part(1, [...text(1, 'input'), ...text(2, 'Placeholder'), ...float('dtype')]),
  ...part(1, [...text(1, 'sum'), ...text(2, 'AddV2'), ...text(3, 'input'), ...text(3, 'input'), ...float('T')]),
])
const sessions = require(join(directory, 'session.node'))
const session = sessions.open(graph, new Uint8Array(), ['input:0'], ['sum:0'], true)
const [sum] = sessions.run(session, [Float32Array.of(1, 2, 3)], [[3]], 2)
const { data } = sessions.readFloats(Buffer.from('[2, 4.0, 6e0]'), 0)
if (sum.data.join() !== data.join()) {
  console.error(`sum: got ${sum.data.join()} instead of ${data.join()}`)
  process.exit(1)
}
sessions.close(session)
console.log(JSON.stringify({ tensorflow: binding.TF_Version, seconds: process.uptime() }))
