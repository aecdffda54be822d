/**
 * One picture of each screen, wide and narrow, light and dark, into docs/screens/; and one in English. What is seen is the demo
 * with people in it, not a drawing. Add a screen by a test that brings its page there and calls `shoot`.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expect, test, type DeskPage } from "../e2e/fixtures";
import { WebChat } from "../e2e/webchat";

const FOLDER = process.env.SCREENS ?? join(import.meta.dirname, "../../docs/screens");
const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };
/** Until colours that fade have faded. */
const STILL_MS = 400;

mkdirSync(FOLDER, { recursive: true });

async function shoot(page: Page, name: string): Promise<void> {
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.waitForTimeout(STILL_MS);
      await page.screenshot({ path: join(FOLDER, `${name}-${size}-${colorScheme}.png`) });
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(SIZES.wide);
}

/** A customer calls in; the returned function hangs up. */
async function callIn(page: Page, to: string, from = "01012345678"): Promise<() => Promise<void>> {
  const made = await page.request.post("/api/v1/demo/calls", { data: { from, to } });
  const { id } = (await made.json()) as { id: number };
  return async () => void (await page.request.delete(`/api/v1/demo/calls/${id}`));
}

async function ready(desk: DeskPage): Promise<DeskPage> {
  await desk.setState("상담 가능");
  return desk;
}

test("the start page, and the desk's log-in", async ({ page }) => {
  await page.goto("/");
  await shoot(page, "start");
  await page.goto("/desk");
  await shoot(page, "login");
});

test("a chat on three sides: desk, customer by nxWebApi, customer by Amazon Connect", async ({ agent, customer, page }) => {
  const desk = await ready(await agent("1001"));
  const web = new WebChat(page);
  await web.open({ tel: "01012345678" });
  await web.ready();
  await web.say("어제 산 신발 사이즈를 바꾸고 싶어요. 주문 번호는 20261121-0042입니다.");
  await shoot(page, "webchat-waiting");
  await desk.accept("01012345678");
  await desk.say("안녕하세요, 김서연입니다. 주문을 확인해 보겠습니다.");
  await desk.say("240 사이즈가 남아 있습니다. 바꿔 드릴까요?");
  await web.say("네, 부탁드려요!");
  await desk.note("재고 확인함: 240 두 켤레");
  const other = await customer("이하늘");
  await other.say("배송이 언제 오나요?");
  await expect(desk.contact("이하늘")).toBeVisible();
  await shoot(desk.page, "desk-chat");
  await shoot(page, "webchat");
  await shoot(other.page, "try");

  const lead = await agent("9001");
  await lead.page.getByRole("button", { name: "팀", exact: true }).click();
  await expect(lead.page.getByTestId("team-agent").first()).toBeVisible();
  await shoot(lead.page, "desk-team");

  await desk.select("01012345678");
  await desk.page.getByRole("button", { name: "상담 종료" }).click();
  await shoot(desk.page, "desk-wrapup");
});

test("the scenario bot", async ({ page }) => {
  const web = new WebChat(page);
  await web.open({ dn: "3105" });
  await expect(page.getByTestId("menu-card").first()).toBeVisible();
  await shoot(page, "webchat-bot");
});

test("a call at the desk, and on the integrator's bench", async ({ agent, page }) => {
  const desk = await ready(await agent("1011"));
  const hangUp = await callIn(desk.page, "3002");
  await expect(desk.page.getByRole("button", { name: /^받기/ }).first()).toBeVisible();
  await shoot(desk.page, "desk-ringing");
  await desk.page.keyboard.press("F8");
  await expect(desk.page.getByTestId("phone-bar")).toHaveAttribute("data-link", "connected");
  await shoot(desk.page, "desk-call");
  await hangUp();
  await page.goto("/cti");
  await page.getByLabel("CTI 사용자").fill("cube");
  await page.getByLabel("비밀번호").fill("cube123");
  await page.getByRole("button", { name: "연결하고 로그인" }).click();
  await page.getByLabel(/^장치 번호/).fill("1001, 1002");
  await page.getByRole("button", { name: "addmonitor", exact: true }).click();
  await page.getByLabel(/^상대 번호/).fill("1002");
  await page.getByRole("button", { name: "dial", exact: true }).click();
  await page.getByRole("button", { name: "1002", exact: true }).click();
  await page.getByRole("button", { name: "answer", exact: true }).click();
  await expect(page.getByTestId("row").filter({ hasText: "6 Established" })).toHaveCount(2);
  await shoot(page, "cti");
});

test("the administration", async ({ page }) => {
  await page.goto("/admin");
  await page.getByLabel("사용자 이름").fill("admin");
  await page.getByLabel("비밀번호").fill("demo");
  await page.getByRole("button", { name: "로그인", exact: true }).click();
  await expect(page.getByTestId("entry").first()).toBeVisible();
  for (const place of ["users/1001", "queues/3001", "flows", "realm"]) {
    await page.goto(`/admin#${place}`);
    await page.waitForTimeout(STILL_MS);
    await shoot(page, `admin-${place.split("/")[0]}`);
  }
});

test("the wallboard", async ({ agent, customer, page }) => {
  const desk = await ready(await agent("1002"));
  await customer("박지민");
  await desk.accept("박지민");
  await agent("1003").then((other) => other.setState("휴식"));
  await customer("최유진");
  await page.goto("/wall");
  await page.getByLabel("사용자 이름").fill("9001");
  await page.getByLabel("비밀번호").fill("demo");
  await page.getByRole("button", { name: "로그인", exact: true }).click();
  await expect(page.getByTestId("chart")).toBeVisible();
  await shoot(page, "wall");
});
