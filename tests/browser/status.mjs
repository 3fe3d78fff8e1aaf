// SPDX-License-Identifier: Apache-2.0
// Opens each page that status_pages wrote, and one of a running httpd, light and dark:
// node status.mjs FOLDER-OF-PAGES FOLDER-FOR-SCREENSHOTS URL-OF-SERVER-STATUS
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [pages, screenshots] = process.argv.slice(2, 4).map((folder) => resolve(folder));
const running = process.argv[4];
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WIDTH = 1280;
const ROWS = { nothing: 0, good: 5, states: 7, hostile: 3, thousand: 1001, running: 2 };
// Of the page, only our sections are ours: mod_status' frame has faults of its own.
const OURS = [".md_status", ".md_ocsp_status", ".md_summary"];
let passed = 0, failed = 0;

function expect(holds, what) {
  holds ? passed++ : failed++;
  if (!holds) console.error(`FAILED: ${what}`);
}

async function look(browser, { name, url }, colorScheme) {
  const context = await browser.newContext({ viewport: { width: WIDTH, height: 900 }, colorScheme });
  const page = await context.newPage();
  const where = `${name} (${colorScheme})`;
  const requests = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("dialog", (dialog) => { expect(false, `${where} opens a dialog`); dialog.dismiss(); });
  await page.goto(url);
  expect(requests.length === 1, `${where} loads nothing: ${requests}`);
  expect(await page.locator("script").count() === 0, `${where} has no script`);
  expect(await page.title() === "Apache Status", `${where} keeps its title`);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(width <= WIDTH, `${where} fits into ${WIDTH} px: it takes ${width}`);
  const rows = await page.locator(".md_status tbody tr").count();
  expect(rows === ROWS[name], `${where} has its rows: ${rows}`);
  await page.screenshot({ path: `${screenshots}/${name}-${colorScheme}.png`, fullPage: name !== "thousand" });
  if (rows > 0) await judge(page, where, name);
  await context.close();
}

async function judge(page, where, name) {
  const first = await page.locator(".md_status tbody tr").first().innerText();
  if (["thousand", "states", "running"].includes(name)) expect(!first.includes("good.example.org"), `${where} has the worst first`);
  await page.evaluate(axe);
  const present = await page.evaluate((all) => all.filter((each) => document.querySelector(each)), OURS);
  // A thousand rows differ in nothing that the rules look at.
  if (name === "thousand") return;
  const { violations } = await page.evaluate((include) => globalThis.axe.run({ include: include.map((each) => [each]) }), present);
  for (const { id, impact, nodes } of violations) {
    expect(!["serious", "critical"].includes(impact), `${where}: ${impact} ${id}: ${nodes[0].html.slice(0, 200)}`);
  }
  expect(true, "axe has looked");
}

mkdirSync(screenshots, { recursive: true });
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const all = readdirSync(pages).filter((file) => file.endsWith(".html"))
  .map((file) => ({ name: file.replace(".html", ""), url: pathToFileURL(`${pages}/${file}`).href }));
expect(all.length === Object.keys(ROWS).length - 1, `every page is there: ${all.length}`);
for (const page of [...all, { name: "running", url: running }]) {
  for (const scheme of ["light", "dark"]) await look(browser, page, scheme);
}
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed || !passed ? 1 : 0);
