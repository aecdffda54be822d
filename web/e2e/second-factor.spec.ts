/** Two-step log-in against the real server: set at `/admin` and at the desk, asked for at log-in, reset, required. */
import type { Page } from "@playwright/test";
import { code } from "./authenticator";
import { expect, Looked, looks, named, test } from "./fixtures";

async function logIn(page: Page, path: string, name: string, user: string): Promise<void> {
  await page.goto(path);
  await page.getByLabel(name).fill(user);
  await page.getByLabel("비밀번호").fill("demo");
  await page.getByRole("button", { name: "로그인", exact: true }).click();
}

/** Reads the key as one who cannot scan, and confirms; gives the key and the recovery codes. */
async function confirm(page: Page): Promise<{ secret: string; recovery: string[] }> {
  await expect(page.getByRole("img", { name: "QR" })).toBeVisible();
  await page.getByText("그림을 읽을 수 없으면").click();
  const secret = (await page.getByTestId("secret").textContent()) ?? "";
  await page.getByLabel("앱에 보이는 코드").fill("12345");
  await page.getByRole("button", { name: "확인", exact: true }).click();
  await expect(page.getByRole("alert").filter({ hasText: "코드가 맞지 않거나" })).toBeVisible();
  await page.getByLabel("앱에 보이는 코드").fill(code(secret));
  await page.getByRole("button", { name: "확인", exact: true }).click();
  const codes = page.getByTestId("recovery").getByRole("listitem");
  await expect(codes).toHaveCount(10);
  return { secret, recovery: await codes.allTextContents() };
}

test("an agent sets a second factor at the desk, logs in with it, and an administrator resets it", async ({ page, browser, baseURL, accessible }) => {
  await logIn(page, "/desk", "상담사 번호", "1018");
  await page.getByTestId("user-menu").click();
  await page.getByRole("menuitem", { name: "2단계 인증" }).click();
  const dialog = page.getByTestId("second-factor");
  await accessible(page);
  await dialog.getByLabel("비밀번호").fill("demo");
  await dialog.getByRole("button", { name: "설정하기" }).click();
  await expect(dialog.getByRole("img")).toBeVisible();
  await accessible(page);
  const { recovery } = await confirm(page);
  await accessible(page);
  await dialog.getByRole("button", { name: "보관했습니다" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByTestId("user-menu")).toBeVisible();

  const other = await (await browser.newContext({ locale: "ko-KR", ...(baseURL ? { baseURL } : {}) })).newPage();
  await logIn(other, "/desk", "상담사 번호", "1018");
  await expect(other.getByLabel("인증 코드")).toBeFocused();
  await accessible(other);
  await other.getByLabel("인증 코드").fill("000000");
  await other.getByRole("button", { name: "로그인", exact: true }).click();
  await expect(other.getByRole("alert").filter({ hasText: "코드가 맞지 않거나" })).toBeVisible();
  await other.getByLabel("인증 코드").fill(recovery[0] ?? "");
  await other.getByRole("button", { name: "로그인", exact: true }).click();
  await expect(other.getByTestId("user-menu")).toBeVisible();

  const admin = await (await browser.newContext({ locale: "ko-KR", ...(baseURL ? { baseURL } : {}) })).newPage();
  await logIn(admin, "/admin#users/1018", "사용자 이름", "admin");
  await admin.getByRole("button", { name: "2단계 인증 초기화" }).click();
  await accessible(admin);
  await admin.getByRole("button", { name: "정말 초기화" }).click();
  await expect(admin.getByRole("button", { name: "2단계 인증 초기화" })).toHaveCount(0);
  await expect(other.getByRole("button", { name: "로그인", exact: true })).toBeVisible();
  await logIn(other, "/desk", "상담사 번호", "1018");
  await expect(other.getByTestId("user-menu")).toBeVisible();
  await admin.context().close();
  await other.context().close();
});

test("a role that must have a second factor is led through it at log-in", async ({ page, browser, baseURL, accessible, request }) => {
  const session = await request.post("/api/v1/session", { data: { user: "admin", password: "demo" } });
  const headers = { Authorization: `Bearer ${(await session.json()).token}` };
  const realm = await (await request.get("/api/v1/realm", { headers })).json();
  const admin = await (await browser.newContext({ locale: "ko-KR", ...(baseURL ? { baseURL } : {}) })).newPage();
  await logIn(admin, "/admin#realm", "사용자 이름", "admin");
  await admin.getByLabel("슈퍼바이저").check();
  await admin.getByRole("form").getByRole("button", { name: "저장", exact: true }).click();
  await expect(admin.getByRole("button", { name: "변경 취소" })).toBeDisabled();
  try {
    await logIn(page, "/admin", "사용자 이름", "9001");
    await expect(page.getByText("먼저 설정해야 합니다")).toBeVisible();
    await accessible(page);
    const { secret } = await confirm(page);
    await page.getByRole("button", { name: "보관했습니다" }).click();
    await expect(page.getByTestId("entry").first()).toBeVisible();
    await page.getByRole("button", { name: "로그아웃" }).click();
    await logIn(page, "/admin", "사용자 이름", "9001");
    await page.getByLabel("인증 코드").fill(code(secret, 1));
    await page.getByRole("button", { name: "로그인", exact: true }).click();
    await expect(page.getByTestId("entry").first()).toBeVisible();
  } finally {
    expect((await request.put("/api/v1/realm", { headers, data: realm })).ok()).toBe(true);
    expect((await request.delete("/api/v1/users/9001/second-factor", { headers })).ok()).toBe(true);
    await admin.context().close();
  }
});

test.describe("setting it is accessible", () => {
  const looked = new Looked((page) => logIn(page, "/admin", "사용자 이름", "admin"));
  test.afterAll(() => looked.close());
  for (const look of looks(["ko", 390], ["en", 390], ["en", 1440]))
    test(`in ${named(look)}`, async ({ browser, baseURL, accessible }) => {
      const page = await looked.as(look, browser, baseURL);
      const ko = look.lang === "ko";
      await page.goto("/admin#users");
      await page.getByRole("button", { name: ko ? "2단계 인증" : "Two-step log-in" }).click();
      const dialog = page.getByTestId("second-factor");
      await dialog.getByLabel(ko ? "비밀번호" : "Password").fill("demo");
      await dialog.getByRole("button", { name: ko ? "설정하기" : "Set up" }).click();
      await expect(dialog.getByRole("img")).toBeVisible();
      await accessible(page);
      await page.keyboard.press("Escape");
      await expect(dialog).toHaveCount(0);
      await page.goto("/admin#trunks/+");
      await page.getByRole("button", { name: ko ? "발신 규칙에 추가" : "Add to Dial rules" }).click();
      await accessible(page);
    });
});
