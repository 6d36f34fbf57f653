// Run in a child process: computes a convolution and a matrix product with the kernels in argv[2] and checks the values.
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
console.log(JSON.stringify({ tensorflow: binding.TF_Version, seconds: process.uptime() }))
