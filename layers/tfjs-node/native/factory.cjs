// Entry of native.cjs: `native(tf, addonPath)` puts the kernels onto a given tfjs instance and returns addon and backend.
module.exports = (tf, addonPath) => {
  require('./tf-holder.cjs').tf = tf
  return require('./kernels.mjs').register(addonPath)
}
