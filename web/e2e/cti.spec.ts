/** The integrator's bench against the real gateway: every step is seen as request, response and event. */
import { expect, test } from "./fixtures";
import type { Page } from "@playwright/test";

const WORDS = {
  ko: { user: "CTI 사용자", pwd: "비밀번호", logIn: "연결하고 로그인", devices: /^장치 번호/, acting: "행위 장치 (this)", called: /^상대 번호/ },
  en: { user: "CTI user", pwd: "Password", logIn: "Connect and log in", devices: /^Devices/, acting: "Acting device (this)", called: /^Destination/ },
} as const;

async function logIn(page: Page, words: (typeof WORDS)["ko" | "en"], pwd = "cube123"): Promise<void> {
  await page.getByLabel(words.user).fill("cube");
  await page.getByLabel(words.pwd).fill(pwd);
  await page.getByRole("button", { name: words.logIn }).click();
}

const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();
const rows = (page: Page, text: string | RegExp) => page.getByTestId("row").filter({ hasText: text });

test("a call is dialled, answered, held, retrieved and cleared, and the ladder shows all of it", async ({ page, accessible }) => {
  test.setTimeout(60_000);
  const words = WORDS.ko;
  await page.goto("/");
  await page.getByRole("link", { name: "시험대 열기" }).click();
  await expect(page.getByTestId("link")).toHaveAttribute("data-phase", "off");
  await expect(page.getByTestId("address")).toContainText(/^ws:\/\/127\.0\.0\.1:\d+$/);
  await accessible(page);

  // A wrong password is told as that; the right one goes over the same connection.
  await logIn(page, words, "wrong");
  await expect(page.getByTestId("link")).toHaveAttribute("data-phase", "refused");
  await expect(page.getByRole("alert")).toContainText("-4007");
  await accessible(page);
  await logIn(page, words);
  await expect(page.getByTestId("link")).toHaveAttribute("data-phase", "in");

  await page.getByLabel(words.devices).fill("1001, 1002");
  await press(page, "addmonitor");
  await expect(page.getByTestId("monitored")).toContainText("1002");
  await expect(page.getByTestId("lane")).toHaveCount(3);

  await page.getByLabel(words.called).fill("1002");
  await press(page, "dial");
  await expect(rows(page, "4 Delivered")).toHaveCount(2);
  await expect(rows(page, "4 Delivered").first()).toContainText("cause 22 new call");
  await page.getByRole("button", { name: "1002", exact: true }).click();
  await press(page, "answer");
  await expect(rows(page, "6 Established")).toHaveCount(2);
  await press(page, "hold");
  await expect(rows(page, "8 Held")).toHaveCount(2);
  await expect(page.getByTestId("lane").filter({ hasText: "1002" })).toContainText("보류");
  await press(page, "retrieve");
  await expect(rows(page, "12 Retrieved")).toHaveCount(2);
  await press(page, "clear");
  await expect(rows(page, "1 CallCleared")).toHaveCount(2);
  await expect(page.getByTestId("lane").filter({ hasText: "1002" })).toContainText("대기");

  // What is refused says why.
  await press(page, "hold");
  await expect(rows(page, "-4011")).toBeVisible();

  // The raw message opens by keyboard; the password stands nowhere.
  const delivered = rows(page, "4 Delivered").first();
  await delivered.getByRole("button").press("Enter");
  await expect(delivered.locator("pre")).toContainText('"monitor": "1001"');
  await accessible(page);
  await rows(page, "login").first().getByRole("button").click();
  await expect(page.getByTestId("ladder").locator("pre")).toContainText('"pwd": "***"');

  // One call alone: neither log-ins nor monitors are about it.
  const call = await page.getByLabel("호", { exact: true }).locator("option").nth(1).innerText();
  await page.getByLabel("호", { exact: true }).selectOption(call);
  await expect(rows(page, "addmonitor")).toHaveCount(0);
  await expect(rows(page, "dial")).not.toHaveCount(0);

  // Standing still, the ladder counts what waits.
  await press(page, "멈춤");
  await press(page, "dial");
  await expect(page.getByRole("button", { name: /^계속/ })).toContainText("대기");
  await page.getByRole("button", { name: /^계속/ }).click();
  await page.getByRole("button", { name: "clear", exact: true }).click();
  await page.getByRole("button", { name: "비우기" }).click();
  await page.getByRole("button", { name: "로그아웃" }).click();
  await expect(page.getByTestId("link")).toHaveAttribute("data-phase", "out");
  await expect(page.getByTestId("closed")).toContainText("1000", { timeout: 10_000 });
});

test("an agent is steered, and the bench is usable in English, dark and narrow", async ({ page, accessible }) => {
  const words = WORDS.en;
  await page.goto("/cti");
  await page.getByRole("button", { name: "English" }).click();
  await logIn(page, words);
  await expect(page.getByTestId("link")).toHaveAttribute("data-phase", "in");
  await page.getByLabel(words.devices).fill("1003");
  await page.getByLabel(words.devices).press("Enter");
  await expect(page.getByTestId("monitored")).toContainText("1003");
  await page.getByLabel("Agent (agent.id)").fill("1003");
  await page.getByLabel("Group (group)").fill("401");
  await press(page, "logon");
  await expect(rows(page, "201 LoggedOn")).toHaveCount(1);
  await expect(page.getByTestId("lane").filter({ hasText: "1003" })).toContainText("Ready");
  await press(page, "notready");
  await expect(rows(page, "203 NotReady")).toHaveCount(1);
  await press(page, "logoff");
  await expect(rows(page, "202 LoggedOff")).toHaveCount(1);
  await accessible(page);
  await page.emulateMedia({ colorScheme: "dark" });
  await accessible(page);
  await page.setViewportSize({ width: 390, height: 844 });
  await accessible(page);
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(sideways).toBe(0);
});
