/** The limits that every edge enforces; raised or lowered in one place. */
export const limits = {
  /** Largest request body, bytes; Lambda's own payload limit is 6 MB. */
  bodyBytes: 6 * 1024 * 1024,
  /** Largest decoded image, pixels: 64 megapixels. */
  imagePixels: 64_000_000,
  /** Most rows in one predict request. */
  batchRows: 1024,
  /** Largest single file inside a data archive, bytes. */
  archiveEntryBytes: 64 * 1024 * 1024,
  /** Most entries in a data archive. */
  archiveEntries: 5_000_000,
  /** Largest model file taken for import, bytes. */
  modelBytes: 2 * 1024 ** 3,
  /** Largest single weight of a model of layers, bytes as stored: more does not fit into WebAssembly's memory beside the rest. */
  tensorBytes: 1024 ** 3,
  /** Largest topology of a model: what Keras writes as `config.json`, bytes. */
  topologyBytes: 64 * 1024 * 1024,
  /** Characters of a description. */
  descriptionCharacters: 2000,
} as const
