/** How a program tells what started it that it has run what it usually runs: the two are bundled apart. */
import { channel } from 'node:diagnostics_channel'

export const answered = channel('maas:answered')
