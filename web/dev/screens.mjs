/**
 * Pictures of every screen, and axe on each, against the fake: `npm run preview:fake -- --port 4600` in one window,
 * `node dev/screens.mjs [step …]` in another. Pictures go to SCREENS (default: screens/ under the system's temp folder).
 */
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import { chromium } from "@playwright/test";

const base = process.env.SANGDAM_HTTP ?? "http://127.0.0.1:4600";
const folder = process.env.SCREENS ?? join(tmpdir(), "screens");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const LIMIT = 240_000; // A busy machine is slow, not wrong.
mkdirSync(folder, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
  timeout: LIMIT,
});
let bad = 0;
const complain = (...words) => void (bad++, console.log(...words));
const dev = (act, given = {}) => fetch(`${base}/dev/${act}`, { method: "POST", body: JSON.stringify(given) });

async function open(path, { lang = "ko-KR", scheme = "light", width = 1440, height = 900 } = {}) {
  const context = await browser.newContext({
    locale: lang,
    timezoneId: "Asia/Seoul",
    colorScheme: scheme,
    viewport: { width, height },
  });
  context.setDefaultTimeout(LIMIT);
  const page = await context.newPage();
  page.on("pageerror", (error) => complain("PAGE ERROR", error.message));
  page.on("console", (message) => {
    const text = message.text();
    if (["error", "warning"].includes(message.type()) && !/401|WebSocket connection/.test(text)) complain("CONSOLE", text);
  });
  await page.goto(base + path);
  return page;
}

async function look(page, name) {
  await page.waitForTimeout(500);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
  for (const { id, nodes } of violations) complain("AXE", name, id, nodes.map(({ target }) => target.join(" ")).join(" | "));
}

async function deskWith(customer, options) {
  const page = await open("/desk", options);
  await page.getByTestId("contact").filter({ hasText: customer }).getByRole("button").first().click();
  return page;
}

const HONG = "홍길동";
const steps = {
  async login() {
    await fetch(`${base}/api/v1/session`, { method: "DELETE" });
    const page = await open("/desk");
    await page.getByLabel("상담사 번호").fill("1001");
    await page.getByLabel("비밀번호").fill("wrong");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
    await look(page, "login");
    await page.getByLabel("비밀번호").fill("demo");
    await page.keyboard.press("Enter");
    await page.getByTestId("desk").waitFor();
    await page.context().close();
  },
  async wide() {
    for (const [scheme, lang] of [["light", "ko-KR"], ["dark", "en-GB"]]) {
      const page = await deskWith(HONG, { scheme, lang });
      await dev("offer");
      await dev("typing", { name: HONG });
      await look(page, `wide-${scheme}`);
      await page.getByTestId("state-menu").click();
      await look(page, `menu-${scheme}`);
      await page.keyboard.press("Escape");
      await page.keyboard.press("Control+k");
      await look(page, `palette-${scheme}`);
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: scheme === "light" ? "전환" : "Transfer", exact: true }).click();
      await look(page, `transfer-${scheme}`);
      await page.context().close();
    }
  },
  async narrow() {
    for (const [scheme, lang] of [["light", "ko-KR"], ["dark", "en-GB"]]) {
      const page = await open("/desk", { scheme, lang, width: 390, height: 844 });
      await page.getByTestId("contact").first().waitFor();
      await dev("offer");
      await look(page, `narrow-list-${scheme}`);
      await page.getByTestId("contact").filter({ hasText: HONG }).getByRole("button").first().click();
      await look(page, `narrow-talk-${scheme}`);
      await page.locator("nav button").nth(2).click();
      await look(page, `narrow-customer-${scheme}`);
      await page.context().close();
    }
  },
  async drawer() {
    const page = await deskWith(HONG, { width: 1024, height: 720 });
    await page.getByRole("button", { name: "고객 정보" }).click();
    await page.getByRole("button", { name: "상담 정보 고치기" }).click();
    await look(page, "drawer");
    await page.context().close();
  },
  async states() {
    const page = await deskWith(HONG);
    const composer = page.getByTestId("composer");
    await composer.fill("/");
    await look(page, "snippets");
    await composer.fill("거절해 주세요");
    await page.keyboard.press("Enter");
    await dev("away", { ms: 8_000 });
    await page.getByTestId("offline").getByText("끊겼").waitFor();
    await composer.fill("부재 시에는 문 앞에 두고 사진을 보내드립니다.");
    await page.keyboard.press("Enter");
    await look(page, "offline");
    await page.getByTestId("message").filter({ hasText: "문 앞에 두고" }).waitFor();
    await look(page, "back");
    await page.getByRole("button", { name: "상담 종료" }).click();
    await look(page, "ending");
    await page.getByRole("timer").waitFor();
    await look(page, "wrapup");
    await page.getByLabel("처리 메모").fill("문 앞 배송 안내");
    await page.getByRole("button", { name: "저장하고 완료" }).click();
    await page.getByTestId("wrapup").waitFor({ state: "detached" });
    await dev("empty");
    await page.getByTestId("contacts-empty").waitFor();
    await look(page, "empty");
    await page.context().close();
  },
  async older() {
    const page = await deskWith(HONG);
    const log = page.getByTestId("transcript");
    await page.getByTestId("message").nth(40).waitFor();
    const before = await page.getByTestId("message").count();
    const place = await log.evaluate((box) => {
      box.scrollTop = 100;
      const first = [...box.querySelectorAll("[data-n]")].find((one) => one.getBoundingClientRect().top > 130);
      return { n: first.dataset.n, top: first.getBoundingClientRect().top };
    });
    await page.waitForFunction((count) => document.querySelectorAll("[data-testid=message]").length > count, before);
    const top = await log.evaluate((box, n) => box.querySelector(`[data-n="${n}"]`).getBoundingClientRect().top, place.n);
    if (Math.abs(top - place.top) > 2) complain("MOVED", top - place.top);
    await page.context().close();
  },
  async ime() {
    const page = await deskWith(HONG);
    const composer = page.getByTestId("composer");
    await composer.focus();
    const keys = await page.context().newCDPSession(page);
    await keys.send("Input.imeSetComposition", { text: "한", selectionStart: 1, selectionEnd: 1 });
    await keys.send("Input.dispatchKeyEvent", { type: "rawKeyDown", windowsVirtualKeyCode: 229, code: "Enter", key: "Process" });
    if ((await page.getByTestId("outgoing").count()) > 0) complain("IME sent while composing");
    await keys.send("Input.insertText", { text: "한글" });
    await page.keyboard.press("Enter");
    await page.getByTestId("message").filter({ hasText: /한글/ }).waitFor();
    await page.waitForTimeout(300);
    const sent = await page.getByTestId("message").filter({ hasText: /한글/ }).count();
    if (sent !== 1) complain("IME sent", sent);
    await page.context().close();
  },
  async start() {
    for (const [scheme, lang, width] of [["light", "ko-KR", 1200], ["dark", "en-GB", 390]]) {
      const page = await open("/", { scheme, lang, width });
      await look(page, `start-${scheme}`);
      await page.context().close();
    }
  },
  async customer() {
    const desk = await open("/desk");
    await desk.getByTestId("contact").first().waitFor();
    const page = await open("/try", { width: 1100, height: 860 });
    await look(page, "try-intro");
    await page.getByLabel("이름").fill("최지우");
    await page.getByRole("button", { name: "상담 시작" }).click();
    await page.getByTestId("composer").fill("배송이 언제 되나요?");
    await page.keyboard.press("Enter");
    await desk.getByTestId("contact").filter({ hasText: "최지우" }).waitFor();
    await desk.keyboard.press("F8");
    await desk.getByTestId("composer").fill("오늘 출고됩니다.");
    await desk.keyboard.press("Enter");
    await page.getByTestId("line").filter({ hasText: "오늘 출고" }).waitFor();
    await page.reload();
    await page.getByTestId("line").filter({ hasText: "오늘 출고" }).waitFor();
    await look(page, "try");
    await page.emulateMedia({ colorScheme: "dark" });
    await page.setViewportSize({ width: 390, height: 800 });
    await look(page, "try-narrow");
    await page.getByRole("button", { name: "상담 끝내기" }).click();
    await page.getByRole("button", { name: "끝내기", exact: true }).click();
    await look(page, "try-over");
    await page.context().close();
    await desk.context().close();
  },
};

const wanted = process.argv.slice(2);
for (const [name, step] of Object.entries(steps)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  await dev("reset");
  try {
    await step();
    console.log("seen", name);
  } catch (error) {
    complain("FAILED", name, error.message);
  }
}
await browser.close();
process.exit(bad > 0 ? 1 : 0);
