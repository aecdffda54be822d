/** The supervisor's wallboard, against the real server. */
import { expect, test } from "./fixtures";
import type { Browser, Locator, Page } from "@playwright/test";

async function wall(browser: Browser, baseURL: string | undefined): Promise<Page> {
  const context = await browser.newContext({ ...(baseURL ? { baseURL } : {}), locale: "ko-KR", timezoneId: "Asia/Seoul", viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await logIn(page, "9001");
  await expect(page.getByTestId("kpi-waiting")).toBeVisible();
  return page;
}

async function logIn(page: Page, user: string): Promise<void> {
  await page.goto("/wall");
  await page.locator("input[name=username]").fill(user);
  await page.locator("input[type=password]").fill("demo");
  await page.locator("button[type=submit], form button").last().click();
}

/** Sends home whoever an earlier test left logged on, so that who waits here goes on waiting. */
async function clear(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const socket = new WebSocket("/api/v1/desk", "sangdam.desk.1");
    await new Promise((done) => (socket.onopen = done));
    let id = 0;
    interface Told {
      id?: number;
      ok?: { agents?: { id: string; states: object }[] };
    }
    const ask = (frame: object) =>
      new Promise<Told>((done) => {
        const mine = ++id;
        socket.addEventListener("message", ({ data }) => {
          const told = JSON.parse(data as string) as Told;
          if (told.id === mine) done(told);
        });
        socket.send(JSON.stringify({ id: mine, ...frame }));
      });
    await ask({ do: "hello", lang: "ko" });
    const { ok } = await ask({ do: "people" });
    for (const { id: agent, states } of ok?.agents ?? []) {
      if (Object.keys(states).length > 0) await ask({ do: "force", agent, state: "logged_off" });
    }
    socket.close();
  });
}

const queueRow = (page: Page) => page.locator('[data-testid=queue][data-id="3001"]');
const tile = (page: Page, agent: string) => page.locator(`[data-testid=agent][data-id="${agent}"]`);
const number = async (cell: Locator) => Number(/\d+/.exec(await cell.innerText())?.[0]);
const waitingCell = (page: Page) => queueRow(page).locator("td").nth(0);
const offeredCell = (page: Page) => queueRow(page).locator("td").nth(3);
const answeredCell = (page: Page) => queueRow(page).locator("td").nth(4);

test("a supervisor sees who waits, moves them, and what agents do with them", async ({ browser, baseURL, agent, customer }) => {
  test.setTimeout(180_000);
  const page = await wall(browser, baseURL);
  await clear(page);
  await expect(page.getByTestId("fresh")).toContainText("실시간");
  const [before, offered, answered] = [await number(waitingCell(page)), await number(offeredCell(page)), await number(answeredCell(page))];
  await customer("먼저 온 고객");
  await customer("급한 고객");
  await expect(waitingCell(page)).toContainText(String(before + 2));
  await expect(offeredCell(page)).toHaveText(String(offered + 2));

  // To the front, by keyboard.
  await queueRow(page).getByRole("button").press("Enter");
  const dialog = page.getByTestId("waiting");
  const urgent = dialog.getByTestId("waiter").filter({ hasText: "급한 고객" });
  await urgent.getByRole("button", { name: "맨 앞으로" }).press("Enter");
  await expect(dialog.getByTestId("waiter").first()).toContainText("급한 고객");
  // Into another queue.
  const first = dialog.getByTestId("waiter").filter({ hasText: "먼저 온 고객" });
  await first.getByLabel("옮길 곳").selectOption("queue 3002");
  await first.getByRole("button", { name: "옮기기" }).click();
  await expect(first).toHaveCount(0);
  await expect(waitingCell(page)).toContainText(String(before + 1));
  await page.keyboard.press("Escape");

  const desk = await agent("1008");
  await desk.setState("상담 가능");
  await desk.accept("급한 고객");
  await expect(answeredCell(page)).toHaveText(String(answered + 1));
  await expect(tile(page, "1008")).toContainText("채팅 상담");
  await expect(page.getByTestId("chart")).toBeVisible();

  // A message stands at the desk until it is acknowledged.
  await page.getByRole("button", { name: "팀 메시지" }).click();
  await page.getByTestId("message").getByLabel("내용").fill("5시에 회의가 있습니다");
  await page.getByTestId("message").getByRole("button", { name: "보내기" }).click();
  await expect(desk.page.getByTestId("notices")).toContainText("5시에 회의가 있습니다");
  await desk.page.reload();
  await expect(desk.page.getByTestId("notices")).toContainText("5시에 회의가 있습니다");
  await desk.page.getByRole("button", { name: "확인했습니다" }).click();
  await expect(desk.page.getByTestId("notices")).not.toContainText("회의");
  await expect(page.getByTestId("sent").first()).toContainText("확인 1/");
  await page.keyboard.press("Escape");

  // Two supervisors, one truth: the other takes the chat over, and this one sees who did it.
  const other = await wall(browser, baseURL);
  await tile(other, "1008").getByRole("button").press("Enter");
  await expect(other.getByTestId("agent-menu")).toContainText("급한 고객");
  await other.getByRole("menuitem", { name: "상담 가져오기" }).first().click();
  await expect(other.getByTestId("toasts")).toContainText("상담 화면");
  await expect(tile(page, "9001")).toContainText("채팅 상담");
  await expect(tile(page, "1008")).toContainText("후처리");

  // The agent is sent away, and their own desk says so.
  await tile(page, "1008").getByRole("button").click();
  await page.getByRole("menuitem", { name: "자리 비움으로" }).click();
  await expect(desk.page.getByTestId("state-menu")).not.toContainText("상담 가능");
  await tile(page, "1008").getByRole("button").click();
  await page.getByRole("menuitem", { name: "로그아웃시키기" }).click();
  await expect(tile(page, "1008")).toHaveCount(0);
  await clear(page);
});

test("a broken limit alarms in words, and limits are everybody's", async ({ browser, baseURL, customer }) => {
  test.setTimeout(90_000);
  const page = await wall(browser, baseURL);
  const other = await wall(browser, baseURL);
  await clear(page);
  await customer("경보 고객");
  const set = async (value: string) => {
    await page.getByRole("button", { name: "경보 기준" }).click();
    await page.getByLabel("대기 고객 (명 이상)").fill(value);
    await page.getByTestId("limits").getByRole("button", { name: "저장" }).click();
  };
  await set("0");
  await expect(page.getByTestId("limits").getByRole("alert")).toContainText("1에서 10000");
  await page.keyboard.press("Escape");
  await set("1");
  await expect(page.getByTestId("limits")).toHaveCount(0);
  for (const one of [page, other]) await expect(one.getByTestId("alarms")).toContainText("기준 1명");
  await set("5000");
  for (const one of [page, other]) await expect(one.getByTestId("alarms").getByRole("listitem").filter({ hasText: "대기" })).toHaveCount(0);
  await set("5");
});

test("stale figures look stale, and come back by themselves", async ({ browser, baseURL }) => {
  test.setTimeout(90_000);
  const page = await wall(browser, baseURL);
  const offered = await offeredCell(page).innerText();
  await page.context().setOffline(true);
  await expect(page.getByTestId("stale")).toContainText("연결이 끊겼습니다", { timeout: 20_000 });
  await expect(page.getByTestId("wall")).toHaveClass(/stale/);
  await expect(offeredCell(page)).toHaveText(offered);
  await page.context().setOffline(false);
  await expect(page.getByTestId("stale")).toHaveCount(0, { timeout: 20_000 });
  await expect(page.getByTestId("fresh")).toContainText("실시간");
});

test("an agent is told whom the wallboard is for", async ({ page, accessible }) => {
  await logIn(page, "1007");
  await expect(page.getByRole("alert")).toContainText("감독자만");
  await accessible(page);
});

test("the wallboard is accessible in both languages, themes and widths", async ({ browser, baseURL, agent, customer, accessible }) => {
  test.setTimeout(240_000);
  const desk = await agent("1006");
  await customer("접근성 고객");
  const page = await wall(browser, baseURL);
  await desk.setState("휴식");
  await expect(tile(page, "1006")).toBeVisible();
  for (const locale of ["ko-KR", "en-US"]) {
    if (locale === "en-US") await page.getByRole("button", { name: "English" }).click();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      for (const width of [1440, 390]) {
        await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
        await accessible(page);
        expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "no sideways scroll").toBe(true);
        const shots = process.env.WALL_SHOTS;
        if (shots) await page.screenshot({ path: `${shots}/wall-${locale}-${colorScheme}-${width}.png`, fullPage: false });
        await queueRow(page).getByRole("button").click();
        await expect(page.getByTestId("waiting").getByTestId("waiter").first()).toBeVisible();
        await accessible(page);
        if (shots && locale === "ko-KR") await page.screenshot({ path: `${shots}/waiting-${colorScheme}-${width}.png` });
        await page.keyboard.press("Escape");
        for (const at of [0, 1]) {
          await page.locator("header .btn.quiet").nth(at).click();
          await accessible(page);
          if (shots && locale === "ko-KR") await page.screenshot({ path: `${shots}/dialog${at}-${colorScheme}-${width}.png` });
          await page.keyboard.press("Escape");
        }
        await tile(page, "1006").getByRole("button").click();
        await accessible(page);
        await page.keyboard.press("Escape");
        await expect(tile(page, "1006").getByRole("button")).toBeFocused();
      }
    }
    await page.setViewportSize({ width: 1440, height: 900 });
  }
  await page.context().close();
});
