// Stands in for tfjs-node's 218 KB of protobuf classes, which only its TensorBoard writer uses.
module.exports = {}
