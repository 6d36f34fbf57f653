/** Builds elements; text is always text, so nothing that came from a user can become markup. */

export type Child = Node | string | number | false | null | undefined | readonly Child[]

type Attributes = Readonly<Record<string, string | number | boolean | undefined | ((event: never) => void)>>

const fill = (element: Element, attributes: Attributes, children: readonly Child[]): void => {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value as (event: Event) => void)
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : String(value))
  }
  append(element, children)
}

const append = (element: Element, children: readonly Child[]): void => {
  for (const child of children) {
    if (Array.isArray(child)) append(element, child)
    else if (child !== false && child !== null && child !== undefined) element.append(child as Node | string)
  }
}

/** An HTML element; functions among the attributes listen to the event of that name. */
export const h = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] => {
  const element = document.createElement(tag)
  fill(element, attributes, children)
  return element
}

/** An SVG element. */
export const s = (tag: string, attributes: Attributes = {}, ...children: readonly Child[]): SVGElement => {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag)
  fill(element, attributes, children)
  return element
}

/** What failed, where it failed; read out by screen readers. */
export const failure = (error: unknown): HTMLElement =>
  h('p', { class: 'notice warning', role: 'alert' }, error instanceof Error ? error.message : String(error))
