/** Training jobs: to come with their routes. */
import { h } from '../dom.ts'

export const jobsPage = async (main: HTMLElement): Promise<void> => {
  main.append(h('h1', {}, 'Jobs'))
}
