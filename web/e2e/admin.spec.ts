/** The administration against the real server: entries made, changed, undone and removed; the set-up out and in. */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, Looked, looks, named, test } from "./fixtures";
import type { Page } from "@playwright/test";

async function logIn(page: Page, user = "admin"): Promise<void> {
  await page.goto("/admin");
  await page.getByLabel("사용자 이름").fill(user);
  await page.getByLabel("비밀번호").fill("demo");
  await page.getByRole("button", { name: "로그인", exact: true }).click();
}
const entry = (page: Page, name: string) => page.getByTestId("entry").filter({ hasText: name });
const form = (page: Page) => page.getByRole("form");
const save = (page: Page) => form(page).getByRole("button", { name: "저장", exact: true }).click();

test("a user is added, changed, undone and removed", async ({ page, accessible }) => {
  await logIn(page);
  await expect(entry(page, "김서연")).toBeVisible();
  await accessible(page);
  await page.getByRole("button", { name: "추가" }).click();
  await save(page);
  await expect(form(page).getByRole("alert")).toContainText("번호 / 이름");
  await page.getByLabel("번호 / 이름").fill("2901");
  await page.getByLabel("표시 이름").fill("새 상담사");
  await page.getByLabel("비밀번호").fill("a-long-password");
  await accessible(page);
  await save(page);
  await expect(entry(page, "2901")).toContainText("새 상담사");
  await expect(page).toHaveURL(/#users\/2901$/);
  await expect(page.getByLabel("번호 / 이름")).toBeDisabled();

  await page.getByLabel("표시 이름").fill("다른 이름");
  await save(page);
  await expect(entry(page, "2901")).toContainText("다른 이름");
  await page.getByRole("button", { name: "되돌리기" }).click();
  await expect(entry(page, "2901")).toContainText("새 상담사");

  await form(page).getByRole("button", { name: "삭제" }).click();
  await form(page).getByRole("button", { name: "정말 삭제" }).click();
  await expect(entry(page, "2901")).toHaveCount(0);
});

test("the server's own no stands at the member it names, and nothing is lost", async ({ page }) => {
  await logIn(page);
  await page.getByRole("link", { name: "대기열" }).click();
  await entry(page, "3001").click();
  await page.getByLabel("넘길 대기열").selectOption("3001");
  await save(page);
  await expect(form(page).getByRole("alert")).toContainText("overflow");
  await expect(page.getByLabel("넘길 대기열")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("넘길 대기열")).toHaveValue("3001");
  await form(page).getByRole("button", { name: "변경 취소" }).click();
  await expect(page.getByLabel("넘길 대기열")).toHaveValue("");
});

test("what is recorded, how long things are kept and who may listen is set in the forms", async ({ page, request }) => {
  const session = await request.post("/api/v1/session", { data: { user: "admin", password: "demo" } });
  const headers = { Authorization: `Bearer ${(await session.json()).token}` };
  const stands = async (path: string) => (await request.get(`/api/v1/${path}`, { headers })).json();
  const saved = page.getByRole("status").filter({ hasText: "저장했습니다" });
  await logIn(page);
  for (const [path, label] of [["queues/3001", "이 대기열의 통화 녹음"], ["devices/3999", "이 전화기의 통화 녹음"], ["groups/401", "이 그룹 상담사의 통화 녹음"]] as const) {
    const before = await stands(path);
    await page.goto(`/admin#${path}`);
    await page.getByLabel(label).check();
    await save(page);
    await expect(saved).toBeVisible();
    expect((await stands(path)).record, path).toBe(true);
    await page.getByLabel(label).uncheck();
    await save(page);
    await expect.poll(() => stands(path)).toEqual(before);
  }

  const before = await stands("realm");
  await page.goto("/admin#realm");
  const days = page.getByLabel(/^녹취 보관 일수/);
  await days.fill("36501");
  await save(page);
  await expect(form(page).getByRole("alert")).toContainText("36,500");
  await expect(days).toHaveAttribute("aria-invalid", "true");
  expect(await stands("realm")).toEqual(before);
  await days.fill("180");
  await page.getByLabel(/^대화 보관 일수/).fill("365");
  await page.getByLabel("자기 통화의 녹취를 들을 수 있음").check();
  await save(page);
  await expect(saved).toBeVisible();
  const now = await stands("realm");
  expect([now.retention.rooms, now.retention.recordings, now.retention.files ?? 0, now.agents_hear_own]).toEqual([365, 180, 0, true]);
  await days.fill("");
  await page.getByLabel(/^대화 보관 일수/).fill("");
  await page.getByLabel("자기 통화의 녹취를 들을 수 있음").uncheck();
  await save(page);
  await expect.poll(() => stands("realm")).toEqual(before);
});

test("two administrators do not overwrite each other unseen", async ({ page, context }) => {
  await logIn(page);
  await page.getByRole("link", { name: "처리 코드" }).click();
  await page.getByTestId("entry").first().click();
  const english = page.getByLabel("영어");
  const before = await english.inputValue();
  const other = await context.newPage();
  await other.goto(page.url());
  await other.getByLabel("영어").fill(`${before} (2)`);
  await save(other);
  await expect(other.getByRole("status").filter({ hasText: "저장했습니다" })).toBeVisible();
  await english.fill(`${before} (mine)`);
  await save(page);
  await expect(page.getByText("다른 관리자가 그 사이에")).toBeVisible();
  await page.getByRole("button", { name: "바뀐 내용 불러오기" }).click();
  await expect(english).toHaveValue(`${before} (2)`);
  await english.fill(before);
  await save(page);
  await expect(page.getByRole("status").filter({ hasText: "저장했습니다" })).toBeVisible();
});

test("a key's secret is shown once", async ({ page }) => {
  await logIn(page);
  await page.getByRole("link", { name: "접근 키" }).click();
  await page.getByRole("button", { name: "추가" }).click();
  await page.getByLabel("번호 / 이름").fill("SHOPKEY0000000000001");
  await save(page);
  await expect(page.getByTestId("secret")).toHaveText(/^\S{16,}$/);
  await page.getByRole("button", { name: "보관했습니다" }).click();
  await expect(entry(page, "SHOPKEY0000000000001")).toBeVisible();
  await expect(page.getByTestId("secret")).toHaveCount(0);
  await form(page).getByRole("button", { name: "삭제" }).click();
  await form(page).getByRole("button", { name: "정말 삭제" }).click();
  await expect(entry(page, "SHOPKEY0000000000001")).toHaveCount(0);
});

test("the set-up goes out as a file, and in again after a look at what would change", async ({ page, accessible }, info) => {
  await logIn(page);
  await page.getByRole("link", { name: "센터 설정" }).click();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "내보내기" }).click()]);
  const document = JSON.parse(readFileSync(await download.path(), "utf8"));
  const user = document.users.find(({ id }: { id: string }) => id === "1020");
  const { name } = user;
  const file = info.outputPath("realm.json");
  const choose = async (shown: string) => {
    user.name = shown;
    writeFileSync(file, JSON.stringify(document));
    await page.getByLabel("가져올 파일").setInputFiles(file);
  };
  await choose(name);
  await expect(page.getByTestId("changes")).toContainText("바뀌는 것이 없습니다");
  await choose("가져온 이름");
  await expect(page.getByTestId("changes").getByRole("listitem")).toHaveText(/변경\s+사용자\s+1020/);
  await accessible(page);
  await page.getByRole("button", { name: "적용" }).click();
  await expect(page.getByText(/개 항목을 적용했습니다/)).toBeVisible();
  await page.goto("/admin#users/1020");
  await expect(page.getByLabel("표시 이름")).toHaveValue("가져온 이름");
  await page.getByLabel("표시 이름").fill(name);
  await save(page);
  await expect(entry(page, "1020")).toContainText(name);
});

test("a supervisor may look, an agent may not", async ({ page }) => {
  await logIn(page, "9001");
  await expect(entry(page, "김서연")).toBeVisible();
  await expect(page.getByRole("button", { name: "추가" })).toHaveCount(0);
  await entry(page, "1001").click();
  await expect(page.getByLabel("표시 이름")).toBeDisabled();
  await page.getByRole("button", { name: "로그아웃" }).click();
  await logIn(page, "1001");
  await expect(page.getByRole("alert")).toContainText("관리자와 슈퍼바이저만");
});

test("every change stands in the audit trail, with who, from where and what it was, and without secrets", async ({ page, accessible, request }) => {
  await logIn(page);
  await page.getByRole("button", { name: "추가" }).click();
  await page.getByLabel("번호 / 이름").fill("2902");
  await page.getByLabel("표시 이름").fill("기록될 이름");
  await page.getByLabel("비밀번호").fill("never-shown-secret");
  await save(page);
  await expect(entry(page, "2902")).toBeVisible();
  await page.getByLabel("표시 이름").fill("바뀐 이름");
  await page.getByLabel("비밀번호").fill("another-hidden-secret");
  await save(page);
  await expect(entry(page, "2902")).toContainText("바뀐 이름");
  await form(page).getByRole("button", { name: "삭제" }).click();
  await form(page).getByRole("button", { name: "정말 삭제" }).click();
  await expect(entry(page, "2902")).toHaveCount(0);

  await page.getByRole("link", { name: "변경 기록" }).click();
  const rows = page.getByTestId("audited");
  await page.getByRole("textbox", { name: "번호 / 이름" }).fill("2902");
  await expect(rows).toHaveCount(3);
  await expect(rows.nth(0)).toContainText("삭제");
  await expect(rows.nth(2)).toContainText("추가");
  await expect(rows.nth(1)).toContainText(/admin.*화면 · 127\.0\.0\.1/s);
  await rows.nth(1).locator("summary").click();
  await expect(rows.nth(1).getByRole("row", { name: "name" })).toContainText(/기록될 이름\s*바뀐 이름/);
  await expect(rows.nth(1).getByRole("row", { name: "password_hash" })).toContainText("비밀 값이 바뀌었습니다");
  await accessible(page);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "CSV" }).click()]);
  const table = readFileSync(await download.path(), "utf8");
  expect(table.trim().split("\r\n")).toHaveLength(4);
  expect(table).toContain('"changed","users","2902","name password_hash"');
  const session = await request.post("/api/v1/session", { data: { user: "admin", password: "demo" } });
  const headers = { Authorization: `Bearer ${(await session.json()).token}` };
  const all = await (await request.get("/api/v1/audit?limit=100", { headers })).text();
  expect(all).not.toContain("secret-");
  expect(all).not.toContain("$argon2");
  await page.getByRole("textbox", { name: "번호 / 이름" }).fill("nobody at all");
  await expect(page.getByText("맞는 기록이 없습니다")).toBeVisible();
});

test("what people write stays text on every page of the administration", async ({ page }) => {
  const script = `<img src=x onerror="document.body.dataset.run='1'"><script>document.body.dataset.run='2'</script>`;
  await logIn(page);
  await page.getByRole("link", { name: "처리 코드" }).click();
  await page.getByRole("button", { name: "추가" }).click();
  await page.getByRole("textbox", { name: /^코드/ }).fill("script");
  await page.getByLabel("한국어").fill(script);
  await page.getByLabel("영어").fill(script);
  await save(page);
  await expect(entry(page, "script")).toContainText("<img src=x");
  await page.getByRole("link", { name: "변경 기록" }).click();
  await page.getByTestId("audited").first().locator("summary").click();
  await expect(page.getByTestId("audited").first()).toContainText("<script>");
  expect(await page.evaluate(() => document.body.dataset["run"])).toBeUndefined();
  await page.goto("/admin#wrap-up-codes/script");
  await form(page).getByRole("button", { name: "삭제" }).click();
  await form(page).getByRole("button", { name: "정말 삭제" }).click();
  await expect(entry(page, "script")).toHaveCount(0);
});

test("a bot's menus are edited with faults at their lines, tried in a chat beside, and followed when saved", async ({ page, accessible, request }) => {
  await logIn(page);
  await page.goto("/admin#bots/3105");
  const text = page.getByRole("textbox", { name: "메뉴", exact: true });
  await expect(text).toHaveValue(/\[menu\.CHAT_ROOT\]/);
  const before = await text.inputValue();
  const chat = page.getByTestId("try-log");
  await expect(page.getByText(/메뉴 \d+개/)).toBeVisible();
  await expect(chat.getByRole("paragraph")).toHaveCount(1);
  await accessible(page);

  await text.fill(before.replace("[menu.CHAT_ROOT]", "[menu.CHAT_ROOT]\nnonsense = 1"));
  const fault = page.getByTestId("faults").getByRole("button").first();
  await expect(fault).toContainText("nonsense");
  const line = before.split("\n").findIndex((one) => one === "[menu.CHAT_ROOT]") + 2;
  await expect(fault).toContainText(String(line));
  await accessible(page);
  await fault.click();
  expect(await text.evaluate((field: HTMLTextAreaElement) => field.value.slice(field.selectionStart, field.selectionEnd))).toBe("nonsense = 1");
  await save(page);
  await expect(form(page).getByRole("alert")).toContainText("nonsense");

  await text.fill(`${before}\n[menu.NEWS]\nkeyword = "새 소식"\ntext = "오늘의 새 소식입니다."\ntail = ["CHAT_ROOT"]\n`.replace(/tail = \[/, 'tail = ["NEWS", '));
  await expect(page.getByText(/메뉴 \d+개/)).toBeVisible();
  const say = page.getByRole("textbox", { name: "고객이 할 말" });
  await say.fill("새 소식");
  await say.press("Enter");
  await expect(chat).toContainText("오늘의 새 소식입니다.");
  await say.fill("아무 뜻도 없는 말");
  await say.press("Enter");
  await expect(chat.locator(".me").last()).toHaveText("아무 뜻도 없는 말");
  await expect(chat.locator("p").last()).toContainText("오늘의 새 소식입니다.");
  await page.getByRole("button", { name: "처음부터" }).click();
  await expect(chat.getByRole("paragraph")).toHaveCount(1);
  await save(page);
  await expect(page.getByRole("status").filter({ hasText: "저장했습니다" })).toBeVisible();
  const session = await request.post("/api/v1/session", { data: { user: "admin", password: "demo" } });
  const headers = { Authorization: `Bearer ${(await session.json()).token}` };
  expect(await (await request.get("/api/v1/bots/3105/scenario", { headers })).text()).toContain("오늘의 새 소식입니다.");
  await page.getByRole("button", { name: "되돌리기" }).click();
  await expect(page.getByRole("status").filter({ hasText: "되돌렸습니다" })).toBeVisible();
  expect(await (await request.get("/api/v1/bots/3105/scenario", { headers })).text()).toBe(before);
});

test.describe("accessible", () => {
  const looked = new Looked(logIn);
  test.afterAll(() => looked.close());
  for (const look of looks(["ko", 390], ["en", 390], ["en", 1440]))
    test(`in ${named(look)}`, async ({ browser, baseURL, accessible }) => {
      const page = await looked.as(look, browser, baseURL);
      for (const place of ["users", "groups/401", "queues/3001", "hours", "devices/3999", "bots/3105", "trunks/+", "realm", "audit"]) {
        await page.goto(`/admin#${place}`);
        if (place === "audit") await page.getByTestId("audited").first().locator("summary").click();
        else if (place === "users") await expect(page.getByTestId("entry").first()).toBeVisible();
        else if (place !== "hours") await expect(page.getByRole("form")).toBeVisible();
        await accessible(page);
      }
    });
});
