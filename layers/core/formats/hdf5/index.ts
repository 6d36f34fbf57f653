/** HDF5 in and out: files from outside are read in a process of their own. */
export { type Hdf5ReadOptions, type PreparedHdf5, prepareHdf5, type ReadHdf5, readHdf5 } from './read.ts'
export type { Hdf5Dataset, Hdf5Element, Hdf5Group, Hdf5Value } from './types.ts'
