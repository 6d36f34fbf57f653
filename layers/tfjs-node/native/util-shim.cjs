// Stands in for `util` inside tfjs-node's source, which still calls two functions that Node 23 removed.
module.exports = {
  ...require('node:util'),
  isArray: Array.isArray,
  isNullOrUndefined: (value) => value === null || value === undefined,
}
