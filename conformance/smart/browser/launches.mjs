// fhirclient in Chromium against a running server: what users click and what the app then gets. A line of JSON in, a line of JSON out.
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const bundle = readFileSync(new URL("node_modules/fhirclient/build/fhir-client.js", import.meta.url));
const pages = Object.fromEntries(["launch.html", "app.html"].map(name => [`/${name}`, readFileSync(new URL(name, import.meta.url))]));

// The app's own site, and beside it the site of a health record that starts the app.
function serve({ server, port, secret, patient }) {
  const home = `http://127.0.0.1:${port}`;
  const verifier = randomBytes(32).toString("base64url");
  const post = (path, headers, body) => fetch(server + path, { method: "POST", headers, body }).then(async answer => {
    const json = await answer.json();
    if (!answer.ok) {
      throw new Error(`${path} answers ${answer.status}: ${JSON.stringify(json)}`);
    }

    remember(Object.entries(json).filter(([, value]) => typeof value === "string"));
    return json;
  });
  const site = createServer(async (request, response) => {
    const url = new URL(request.url, home);
    const redirect = target => response.writeHead(303, { location: String(target) }).end();
    try {
      if (url.pathname === "/fhir-client.js") {
        response.writeHead(200, { "content-type": "text/javascript" }).end(bundle);
      } else if (pages[url.pathname] !== undefined) {
        response.writeHead(200, { "content-type": "text/html" }).end(pages[url.pathname]);
      } else if (url.pathname === "/record") {
        redirect(`${server}/auth/authorize?${new URLSearchParams({
          response_type: "code", client_id: "browser-record", redirect_uri: `${home}/record/back`, scope: "user/*.rs openid", state: "1", aud: `${server}/fhir`,
          code_challenge: createHash("sha256").update(verifier).digest("base64url"), code_challenge_method: "S256",
        })}`);
      } else if (url.pathname === "/record/back") {
        const { access_token } = await post("/auth/token", { authorization: `Basic ${btoa(`browser-record:${secret}`)}` }, new URLSearchParams({
          grant_type: "authorization_code", code: url.searchParams.get("code"), redirect_uri: `${home}/record/back`, code_verifier: verifier,
        }));
        const { launch, iss } = await post("/auth/launch", { authorization: `Bearer ${access_token}`, "content-type": "application/json" }, JSON.stringify({
          client_id: "browser-app", patient, intent: "order-review", need_patient_banner: false,
        }));
        redirect(`${home}/launch.html?${new URLSearchParams({ iss, launch, scope: "launch openid fhirUser patient/*.rs" })}`);
      } else {
        response.writeHead(404).end();
      }
    } catch (error) {
      response.writeHead(500, { "content-type": "text/plain" }).end(String(error));
    }
  });
  return new Promise(resolve => site.listen(port, "127.0.0.1", () => resolve({ home, close: () => site.close() })));
}

// Everything that nobody else may know, as it goes over the wire: none of it may be in a log.
const secretNames = ["code", "launch", "state", "code_challenge", "code_verifier", "refresh_token", "access_token", "id_token", "password", "name", "form_token", "client_secret"];
const secrets = new Set();
const remember = parameters => [...parameters].filter(([name, value]) => secretNames.includes(name) && value.length > 15).forEach(([, value]) => secrets.add(value));

function watch(context) {
  context.on("request", request => {
    remember(new URL(request.url()).searchParams);
    remember(new URLSearchParams(request.postData() ?? ""));
  });
  context.on("response", async response => {
    if (new URL(response.url()).pathname === "/auth/token") {
      remember(Object.entries(await response.json().catch(() => ({}))).filter(([, value]) => typeof value === "string"));
    }
  });
}

async function logIn(page, name, password) {
  await page.getByLabel("Login name").fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Log in", exact: true }).click();
}

// In milliseconds, for a machine that does much else.
const patience = 120000;

const allow = page => page.getByRole("button", { name: "Allow" }).click();
const resultOf = async page => (await page.waitForFunction(() => window.result, null, { timeout: patience })).jsonValue();

const ways = {
  // A patient starts an app alone, logs in, lets it in.
  async standalone(context, { home, server, password }) {
    const page = await context.newPage();
    const scope = "launch/patient openid fhirUser offline_access patient/*.rs";
    await page.goto(`${home}/launch.html?${new URLSearchParams({ iss: `${server}/fhir`, scope })}`);
    await logIn(page, "patient", password);
    await allow(page);
    return resultOf(page);
  },

  // The same patient, still logged in, gives a second app's request only a part, then takes everything back.
  async narrowed(context, { home, server }) {
    const page = await context.newPage();
    await page.goto(`${home}/launch.html?${new URLSearchParams({ iss: `${server}/fhir`, scope: "launch/patient patient/*.rs" })}`);
    await page.locator("input[value='patient/*.rs']").uncheck();
    await page.locator("summary").first().click();
    await page.locator("input[value='patient/Patient.rs']").check();
    await page.locator("input[value='patient/Observation.rs']").check();
    await allow(page);
    const result = await resultOf(page);
    const ask = url => page.evaluate(async asked => {
      try {
        await window.client.request(asked);
        return 200;
      } catch (error) {
        return error.status ?? String(error);
      }
    }, url);
    const conditions = await ask("Condition");
    const other = await context.newPage();
    await other.goto(`${server}/auth/apps`);
    await other.getByRole("button", { name: /Take access back/ }).first().click();
    await other.getByText("no app access").waitFor();
    return { ...result, conditions, after: await ask("Observation") };
  },

  // A practitioner starts the app alone and chooses a patient.
  async picker(context, { home, server, password }) {
    const page = await context.newPage();
    const scope = "launch/patient openid fhirUser online_access patient/*.rs";
    await page.goto(`${home}/launch.html?${new URLSearchParams({ iss: `${server}/fhir`, scope })}`);
    await logIn(page, "a password typed into the wrong field", "a wrong password that nobody has");
    await page.getByRole("alert").waitFor();
    await logIn(page, "practitioner", password);
    await page.getByLabel("Name or identifier").fill("Demo");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByRole("button", { name: "Choose" }).first().click();
    await allow(page);
    return resultOf(page);
  },

  // The practitioner, still logged in, starts it out of the health record.
  async record(context, { home }) {
    const page = await context.newPage();
    await page.goto(`${home}/record`);
    await allow(page);
    return resultOf(page);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  const site = await serve(question);
  const browser = await chromium.launch({ executablePath: question.chromium, timeout: patience, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
  const answer = {};
  try {
    for (const names of [["standalone", "narrowed"], ["picker", "record"]]) {
      const context = await browser.newContext();
      context.setDefaultTimeout(patience);
      watch(context);
      for (const name of names) {
        const problems = [];
        context.on("page", page => page.on("console", message => message.type() === "error" && problems.push(message.text())));
        try {
          answer[name] = await ways[name](context, { ...question, home: site.home });
        } catch (error) {
          const [page] = context.pages().slice(-1);
          answer[name] = { error: String(error), problems, url: page?.url().split("?")[0], text: (await page?.locator("body").innerText().catch(() => ""))?.slice(0, 400) };
        }
      }

      (await context.cookies()).forEach(cookie => secrets.add(cookie.value));
      await context.close();
    }
  } finally {
    await browser.close();
    site.close();
  }

  process.stdout.write(JSON.stringify({ ...answer, secrets: [...secrets, question.password, question.secret] }) + "\n");
}
