/*
 * XMP in pictures: an RDF document in UTF-8. The label is one attribute, `TC260:AIGC`, that holds JSON.
 */
const NAMESPACE = 'http://www.tc260.org.cn/ns/AIGC/1.0/';

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => escapes[character] ?? character);
const unescaped = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&#34;', '"').replaceAll('&amp;', '&');

const descriptionOf = (mark: string): string => `<rdf:Description rdf:about="" xmlns:TC260="${NAMESPACE}" TC260:AIGC="${escaped(mark)}"/>`;

/** The label in an XMP document, written as an attribute or as an element; null without one. */
export function markInXmp(xmp: string): string | null {
  const [, attribute, element] = /TC260:AIGC\s*(?:=\s*"([^"]*)"|>([\s\S]*?)<\/TC260:AIGC>)/.exec(xmp) ?? [];
  const found = attribute ?? element;
  return found === undefined ? null : unescaped(found).trim();
}

const packet = (content: string): string => `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>${content}<?xpacket end="w"?>`;

/** An XMP document with the label added; everything else in it is kept. */
export function xmpWith(mark: string, before: string | null): string {
  const end = before?.lastIndexOf('</rdf:RDF>') ?? -1;
  if (before !== null && end >= 0) return before.slice(0, end) + descriptionOf(mark) + before.slice(end);
  const rdf = `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">${descriptionOf(mark)}</rdf:RDF>`;
  return packet(`<x:xmpmeta xmlns:x="adobe:ns:meta/">${rdf}</x:xmpmeta>`);
}
