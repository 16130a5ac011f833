import vm from 'node:vm';

/** An element of a page as it is shown, with what its markup says about events. */
export interface Shown {
  tag: string;
  attributes: Record<string, unknown>;
  /** data-* values, as an event hands them to its handler. */
  dataset: Record<string, unknown>;
  /** Handler names by event: tap, input, change. */
  handlers: Record<string, string>;
  children: (Shown | string)[];
}

interface Element {
  tag: string;
  attributes: Record<string, string>;
  children: (Element | string)[];
}

const TOKEN = /<(\/?)([a-z-]+)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*(\/?)>|([^<]+)/g;
const ATTRIBUTE = /([\w:-]+)(?:="([^"]*)")?/g;

/** Reads markup; throws where a tag is not closed by its own name. */
function parse(markup: string): Element {
  const root: Element = { tag: 'page', attributes: {}, children: [] };
  const open = [root];
  for (const [, closing, tag = '', attributes = '', selfClosed, text] of markup.matchAll(TOKEN)) {
    const parent = open.at(-1) ?? root;
    if (text !== undefined) {
      if (text.trim() !== '') parent.children.push(text.trim());
    } else if (closing) {
      if (parent.tag !== tag) throw new Error(`<${parent.tag}> is closed by </${tag}>`);
      open.pop();
    } else {
      const element: Element = { tag, attributes: {}, children: [] };
      for (const [, name = '', value = ''] of attributes.matchAll(ATTRIBUTE)) element.attributes[name] = value;
      parent.children.push(element);
      if (!selfClosed) open.push(element);
    }
  }
  if (open.length !== 1) throw new Error(`<${open.at(-1)?.tag}> is not closed`);
  return root;
}

type Scope = Record<string, unknown>;

/** One `{{…}}` alone keeps its type; a name that the page does not have throws. */
function evaluate(text: string, scope: Scope): unknown {
  const run = (code: string): unknown => vm.runInNewContext(`(${code})`, { ...scope });
  const whole = /^\{\{((?:(?!\}\}).)*)\}\}$/.exec(text);
  if (whole) return run(whole[1] ?? '');
  return text.replace(/\{\{(.*?)\}\}/g, (_, code: string) => String(run(code) ?? ''));
}

const camelCase = (name: string): string => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

function show({ tag, attributes, children }: Element, scope: Scope): Shown {
  const shown: Shown = { tag, attributes: {}, dataset: {}, handlers: {}, children: showAll(children, scope) };
  for (const [name, text] of Object.entries(attributes)) {
    if (name.startsWith('wx:')) continue;
    const event = /^(?:bind|catch):?(\w+)$/.exec(name)?.[1];
    if (event) shown.handlers[event] = text;
    else if (name.startsWith('data-')) shown.dataset[camelCase(name.slice(5))] = evaluate(text, scope);
    else shown.attributes[name] = evaluate(text, scope);
  }
  return shown;
}

/** Follows wx:if, wx:elif, wx:else and wx:for. */
function showAll(children: (Element | string)[], scope: Scope): (Shown | string)[] {
  let isChosen = true;
  return children.flatMap((child): (Shown | string)[] => {
    if (typeof child === 'string') return [String(evaluate(child, scope))];
    const { attributes } = child;
    const condition = attributes['wx:if'] ?? attributes['wx:elif'];
    if (attributes['wx:if'] !== undefined) isChosen = Boolean(evaluate(attributes['wx:if'], scope));
    else if (attributes['wx:elif'] !== undefined || attributes['wx:else'] !== undefined) {
      if (isChosen) return [];
      isChosen = condition === undefined || Boolean(evaluate(condition, scope));
    } else isChosen = true;
    if (!isChosen) return [];
    const list = attributes['wx:for'];
    if (list === undefined) return [show(child, scope)];
    const item = attributes['wx:for-item'] ?? 'item';
    const index = attributes['wx:for-index'] ?? 'index';
    return [...(evaluate(list, scope) as unknown[])].map((value, place) => show(child, { ...scope, [item]: value, [index]: place }));
  });
}

/** The page's markup as its data would have it shown. */
export const render = (markup: string, data: Scope): Shown => show(parse(markup), data);

export const textOf = (shown: Shown | string): string => (typeof shown === 'string' ? shown : shown.children.map(textOf).join(''));

export const allOf = (shown: Shown): Shown[] => [
  shown,
  ...shown.children.flatMap((child) => (typeof child === 'string' ? [] : allOf(child))),
];
