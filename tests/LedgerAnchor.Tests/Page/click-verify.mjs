// Reads { html, clicks: [{ receipt, keys, needed, content }] } from standard input, plays the page's script on elements that only hold values,
// and writes what its verdict says after each click, separated by bars.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

class Element {
  value = "";
  files = [];
  children = [];
  listeners = {};
  textContent = "";

  get valueAsNumber() { return Number(this.value); }
  addEventListener(name, listener) { this.listeners[name] = listener; }
  append(child) { this.children.push(child); }
  replaceChildren(...children) { this.children = children; }
  get texts() { return this.children.length === 0 ? [this.textContent] : this.children.flatMap(child => child.texts); }
}

const { html, clicks } = JSON.parse(readFileSync(0, "utf8"));
const elements = Object.fromEntries(Array.from(html.matchAll(/ id="([^"]+)"/g), match => [match[1], new Element()]));
globalThis.document = { getElementById: id => elements[id] ?? null, createElement: () => new Element() };

const folder = mkdtempSync(join(tmpdir(), "healthchain-page-"));
const script = join(folder, "page.mjs");
writeFileSync(script, html.slice(html.indexOf('<script type="module">') + '<script type="module">'.length, html.lastIndexOf("</script>")));
await import(pathToFileURL(script));
rmSync(folder, { recursive: true });

const verdicts = [];
for (const { receipt, keys, needed, content } of clicks) {
  elements.receipt.value = receipt;
  elements.keys.value = keys;
  elements.needed.value = String(needed);
  elements.content.files = content === null ? [] : [new Blob([Buffer.from(content, "base64")])];
  await elements.verify.listeners.click();
  verdicts.push(elements.verdict.texts.join("|"));
}

process.stdout.write(JSON.stringify(verdicts));
