// Small helpers around the document.

/**
 * The one element that a selector finds; the page and the code must agree on it.
 * @template {Element} [T=HTMLElement]
 * @param {string} selector
 * @param {ParentNode} [within]
 * @returns {T}
 */
export function find(selector, within = document) {
  const element = within.querySelector(selector);
  if (!element) throw new Error(`The page has no ${selector}`);
  return /** @type {T} */ (/** @type {unknown} */ (element));
}

/** A copy of a template's one element. */
export function fromTemplate(/** @type {string} */ id) {
  /** @type {HTMLTemplateElement} */
  const template = find(`#${id}`);
  // Imported, since an image in the document of a template loads nothing.
  return /** @type {HTMLElement} */ (
    document.importNode(/** @type {HTMLElement} */ (template.content.firstElementChild), true)
  );
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Partial<HTMLElementTagNameMap[K]>} [properties]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

/** Say something to a screen reader, politely. */
export function announce(/** @type {string} */ text) {
  find("#status").textContent = text;
}

/**
 * Copy text, and say so on the button for a moment.
 * @param {string} text
 * @param {HTMLButtonElement} button
 */
export async function copy(text, button) {
  const before = button.dataset.label ?? button.textContent ?? "";
  button.dataset.label = before;
  let said = "Copied";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    said = "Not allowed here"; // plain http on another host, or the visitor said no
  }
  button.textContent = said;
  announce(said);
  setTimeout(() => (button.textContent = before), 2000);
}
