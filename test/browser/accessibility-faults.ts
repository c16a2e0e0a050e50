import type { Page } from 'playwright-core';

/** WCAG 2.2 §1.4.3: text against its background; large text (24 px, or 18.66 px and bold) needs less. */
const CONTRAST = { usual: 4.5, large: 3 };

/**
 * Looks over the whole page as a checker of WCAG rules does: texts against their backgrounds, ids that stand twice, references
 * to nothing, headings that skip a level, roles without the parent that they need. Names of controls are looked at in the
 * accessible tree instead, which is what a screen reader has.
 */
const LOOK = `(() => {
  const faults = [];
  const context = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true });
  const rgba = text => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = text;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data].map((byte, i) => (i < 3 ? byte : byte / 255));
  };
  const over = ([r, g, b, a], under) => [r, g, b].map((v, i) => v * a + under[i] * (1 - a));
  const light = rgb => rgb.map(v => v / 255).map(v => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const backgroundOf = element => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255]);
  };
  const say = element => element.tagName.toLowerCase() + '.' + element.className + ' "' + element.textContent.trim().slice(0, 30) + '"';
  for (const element of document.body.querySelectorAll('*')) {
    const isText = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim() !== '');
    if (!isText || element.closest('[aria-hidden=true], .hidden, .leaflet-container, :disabled, noscript, svg')) continue;
    if (!element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) continue;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? ${CONTRAST.large} : ${CONTRAST.usual};
    // Words that have no room are there for screen readers alone.
    if (rgba(style.color)[3] === 0) continue;
    const under = backgroundOf(element);
    const found = ratio(over(rgba(style.color), under), under);
    if (found < least) faults.push('contrast ' + found.toFixed(2) + ' of ' + say(element));
  }
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) faults.push('id ' + id + ' stands twice');
  for (const name of ['aria-labelledby', 'aria-describedby', 'aria-controls', 'aria-activedescendant', 'for'])
    for (const element of document.querySelectorAll('[' + name + ']'))
      for (const id of element.getAttribute(name).split(/\\s+/))
        if (!document.getElementById(id)) faults.push(name + ' of ' + say(element) + ' means nothing');
  let level = 0;
  for (const heading of document.querySelectorAll('h1, h2, h3, h4, h5, h6')) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) faults.push('heading skips a level: ' + say(heading));
    level = own;
  }
  const parents = { option: '[role=listbox]', row: 'table, [role=table], [role=grid]' };
  for (const [role, parent] of Object.entries(parents))
    for (const element of document.querySelectorAll('[role=' + role + ']'))
      if (!element.closest(parent)) faults.push(say(element) + ' has no ' + parent);
  for (const item of document.querySelectorAll('dt, dd')) if (!item.closest('dl')) faults.push(say(item) + ' has no dl');
  for (const list of document.querySelectorAll('dl'))
    for (const child of list.children)
      if (!child.matches('dt, dd, div:has(> dt)')) faults.push('in a dl: ' + say(child));
  for (const image of document.querySelectorAll('img:not([alt])')) faults.push('without alt: ' + image.src);
  if (document.documentElement.lang === '') faults.push('the page has no language');
  if (document.querySelectorAll('main').length !== 1) faults.push('the page has not one main');
  return faults;
})()`;

/** What speaks and is used must have a name: roles of the accessible tree in whose line no name stands. */
const UNNAMED =
  /^\s*- (button|link|textbox|searchbox|combobox|slider|listbox|option|region|dialog|img|table|radio|checkbox)(?: \[[^\]]*\])*:?$/;

/** Rules that the page breaks as it is now, in words. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  const looked = await page.evaluate<string[]>(LOOK);
  const tree = await page.locator('body').ariaSnapshot();
  const unnamed = tree.split('\n').filter(line => UNNAMED.test(line));
  return [...new Set([...looked, ...unnamed.map(line => `without a name: ${line.trim()}`)])];
}
