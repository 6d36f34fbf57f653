// Stands in for `@tensorflow/tfjs` inside the bundle: the caller's own instance, set by the factory before anything reads it.
module.exports = { tf: undefined }
