// What a user does in a browser, as far as forms go: cookies, redirects, filled-in fields, a button.
const unescape = text => text.replace(/&(amp|lt|gt|quot|#39|#x27|#43|#x2B);/gi, (_, name) =>
  ({ amp: "&", lt: "<", gt: ">", quot: "\"", "#39": "'", "#x27": "'", "#43": "+", "#x2b": "+" })[name.toLowerCase()]);

const attribute = (tag, name) => {
  const found = tag.match(new RegExp(`\\s${name}="([^"]*)"`));
  return found === null ? null : unescape(found[1]);
};

const formsOf = html => [...html.matchAll(/<form[^>]*>[\s\S]*?<\/form>/g)].map(([text]) => ({
  action: attribute(text.match(/<form[^>]*>/)[0], "action"),
  inputs: [...text.matchAll(/<input[^>]*>/g)].map(([tag]) => ({
    name: attribute(tag, "name"), value: attribute(tag, "value") ?? "", type: attribute(tag, "type") ?? "text", checked: /\schecked[\s>]/.test(tag),
  })),
  buttons: [...text.matchAll(/<button[^>]*>/g)].map(([tag]) => ({ name: attribute(tag, "name"), value: attribute(tag, "value") ?? "" })),
}));

export class Browser {
  #cookies = new Map();

  // Every value that a cookie ever had.
  cookies = new Set();

  // Follows redirects until a page is shown, or until the way leads to an address that begins so.
  async go(url, target, init = {}) {
    for (let steps = 0; steps < 20; steps++) {
      const response = await fetch(url, {
        ...init, redirect: "manual",
        headers: { ...init.headers, cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
      });
      for (const cookie of response.headers.getSetCookie()) {
        const [, name, value] = cookie.match(/^([^=]+)=([^;]*)/);
        this.cookies.add(value);
        value === "" ? this.#cookies.delete(name) : this.#cookies.set(name, value);
      }

      const location = response.headers.get("location");
      if (location === null) {
        return { url: String(url), status: response.status, html: await response.text() };
      }

      await response.arrayBuffer();
      url = new URL(location, url);
      init = {};
      if (url.href.startsWith(target)) {
        return { reached: url };
      }
    }

    throw new Error("There is no end to the redirects.");
  }

  // Fills in the form that has a field or button of that name and sends it.
  async submit(page, has, values, target) {
    const form = formsOf(page.html).find(one => one.inputs.some(input => input.name === has) || one.buttons.some(button => button.name === has));
    if (form === undefined) {
      throw new Error(`The page ${page.url} (status ${page.status}) has no form with ${has}: ${page.html.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").slice(0, 300)}`);
    }

    const body = new URLSearchParams();
    for (const input of form.inputs.filter(input => input.name !== null && (input.type !== "checkbox" || input.checked) && !(input.name in values))) {
      body.append(input.name, input.value);
    }

    for (const [name, value] of Object.entries(values)) {
      body.append(name, value);
    }

    return this.go(new URL(form.action, page.url), target, {
      method: "POST", body, headers: { origin: new URL(page.url).origin },
    });
  }
}

// The user signs in where that is asked, lets the app in, and is sent back to it.
export const letIn = async (browser, url, target, user) => {
  let page = await browser.go(url, target);
  if (page.reached === undefined && /name="password"/.test(page.html)) {
    page = await browser.submit(page, "password", { name: user.name, password: user.password }, target);
  }

  if (page.reached === undefined) {
    page = await browser.submit(page, "decision", { decision: "allow" }, target);
  }

  if (page.reached === undefined) {
    throw new Error(`The app was not let in (status ${page.status}): ${page.html.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").slice(0, 300)}`);
  }

  return page.reached;
};
