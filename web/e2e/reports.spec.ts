/** The reports against the real server: a chat takes place, and is in the figures, in the search and in its story. */
import { expect, Looked, looks, named, test, type CustomerPage, type DeskPage } from "./fixtures";
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";

async function logIn(page: Page, user = "9001"): Promise<void> {
  await page.goto("/reports");
  await page.getByLabel("사용자 이름").fill(user);
  await page.getByLabel("비밀번호").fill("demo");
  await page.getByRole("button", { name: "로그인", exact: true }).click();
}

const rows = (page: Page) => page.getByTestId("row");
const rung = (page: Page, kind: string) => page.locator(`[data-testid="rung"][data-kind="${kind}"]`);

/** A chat from beginning to end. Each test has its own: when one fails, the next has a new centre. */
async function talk(agent: (user: string) => Promise<DeskPage>, customer: (name: string) => Promise<CustomerPage>, about = "배송이 늦어요"): Promise<void> {
  const desk = await agent("1001");
  await desk.setState("상담 가능");
  const chat = await customer("보고서고객");
  await desk.accept("보고서고객");
  await chat.say(about);
  await desk.say("확인해 드리겠습니다");
  await desk.finish(undefined, "교환");
}

test("a contact is in the figures, found by its words, and tells its story", async ({ page, agent, customer, accessible }) => {
  test.slow();
  await talk(agent, customer, "라벤더 향초가 깨져서 왔어요");
  await logIn(page);
  await expect(rows(page).filter({ hasText: "3001" })).toBeVisible();
  await accessible(page);
  // Filters and intervals stand in the address, and survive a reload.
  await page.getByRole("combobox", { name: "간격" }).selectOption("15m");
  await expect(page).toHaveURL(/by=15m/);
  await page.getByRole("combobox", { name: "대기열" }).selectOption("3001");
  await expect(page).toHaveURL(/queue=3001/);
  await page.reload();
  await expect(page.getByRole("combobox", { name: "간격" })).toHaveValue("15m");
  await expect(rows(page).first()).toContainText("3001");
  await expect(page.getByTestId("total")).toContainText("합계");
  const head = page.getByRole("columnheader", { name: "인입" });
  await head.getByRole("button").click();
  await expect(head).toHaveAttribute("aria-sort", "descending");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "CSV 내려받기" }).click()]);
  expect(readFileSync(await download.path(), "utf8")).toMatch(/^\ufefffrom,to,queue,name,offered,/);
  await page.getByRole("link", { name: "상담사" }).click();
  await expect(rows(page).filter({ hasText: "1001" })).toBeVisible();
  await page.getByRole("button", { name: "어제" }).click();
  await expect(page.getByText("이 기간에 기록이 없습니다")).toBeVisible();

  await page.getByRole("link", { name: "상담 찾기" }).click();
  await page.getByLabel("대화 내용").fill("라벤더 향초");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/#contacts\?text=/);
  const found = page.getByTestId("found");
  await expect(found).toHaveCount(1);
  await expect(found).toContainText("보고서고객");
  await accessible(page);
  await found.getByRole("link").click();
  await expect(page.getByTestId("line").filter({ hasText: "라벤더" })).toBeVisible();

  await rung(page, "offered").first().click();
  await expect(page.getByTestId("detail")).toContainText("왜 이 상담사인가");
  await expect(page.getByTestId("detail").getByRole("row").filter({ hasText: "1001" })).toBeVisible();
  await accessible(page);
  // By keyboard: along the rungs, and along the time.
  await page.keyboard.press("ArrowDown");
  await expect(rung(page, "accepted").first()).toBeFocused();
  await page.keyboard.press("Home");
  await expect(page.getByTestId("rung").first()).toBeFocused();
  const scrub = page.getByRole("slider", { name: "시각" });
  await scrub.focus();
  await page.keyboard.press("End");
  await expect(page.getByTestId("rung").last()).toHaveAttribute("aria-current", "step");
  await page.getByRole("button", { name: "간격 넓게" }).click();
  await page.getByRole("link", { name: "목록으로" }).click();
  await expect(page.getByTestId("found")).toHaveCount(1);
});

test("agents are told that reports are not for them, and a lost server is said", async ({ page }) => {
  await logIn(page, "1002");
  await expect(page.getByRole("alert")).toContainText("슈퍼바이저만");
  await page.getByRole("button", { name: "로그아웃" }).click();
  await logIn(page);
  await expect(page.getByRole("status").filter({ hasText: /행/ })).toBeVisible();
  await page.route("**/api/v1/reports/**", (route) => route.abort());
  await page.getByRole("link", { name: "채널" }).click();
  await expect(page.getByRole("alert")).toContainText("연결하지 못했습니다");
  await page.unroute("**/api/v1/reports/**");
  await page.getByRole("button", { name: "다시 시도" }).click();
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test.describe("accessible", () => {
  const looked = new Looked(logIn);
  let talked = false;
  test.afterAll(() => looked.close());
  for (const look of looks(["ko", 1440], ["ko", 390], ["en", 390], ["en", 1440]))
    test(`in ${named(look)}`, async ({ browser, baseURL, accessible, agent, customer }) => {
      test.slow(!talked);
      if (!talked) await talk(agent, customer);
      talked = true;
      const page = await looked.as(look, browser, baseURL);
      for (const place of ["queues?by=hour", "queues", "agents", "reasons?by=15m", "contacts"]) {
        await page.goto(`/reports#${place}`);
        await expect(page.getByRole("status").filter({ hasText: /\d/ })).toBeVisible();
        await accessible(page);
      }
      await page.getByTestId("found").first().getByRole("link").click();
      await expect(page.getByTestId("story")).toBeVisible();
      await rung(page, "offered").first().click();
      await accessible(page);
    });
});
