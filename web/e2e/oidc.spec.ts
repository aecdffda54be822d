/** Log-in by an identity provider (docs/oidc.md), against a real one: `provider.mjs`, on another site than the desk. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { APIRequestContext, Browser, Page } from "@playwright/test";
import { code } from "./authenticator";
import { expect, test } from "./fixtures";

let provider: { child: ChildProcess; issuer: string } | undefined;

async function start(desk: string, port = "0"): Promise<string> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "provider.mjs"), desk, port], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const issuer = line.toString().trim();
  provider = { child, issuer };
  return issuer;
}

async function stop(): Promise<void> {
  const child = provider?.child;
  if (child?.exitCode === null && child.signalCode === null) {
    child.kill();
    await once(child, "exit");
  }
}

const address = (baseURL: string | undefined) => (baseURL ?? "").replace(/\/$/, "");

async function administrator(request: APIRequestContext) {
  const session = await request.post("/api/v1/session", { data: { user: "admin", password: "demo" } });
  return { Authorization: `Bearer ${(await session.json()).token}` };
}

/** Changes how people are let in. */
async function set(request: APIRequestContext, sign_on: object): Promise<void> {
  const headers = await administrator(request);
  const realm = await (await request.get("/api/v1/realm", { headers })).json();
  const put = await request.put("/api/v1/realm", { headers, data: { ...realm, sign_on: { ...realm.sign_on, ...sign_on } } });
  expect(put.ok(), await put.text()).toBe(true);
}

async function asAdministrator(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await page.getByLabel("사용자 이름").fill("admin");
  await page.getByLabel("비밀번호").fill("demo");
  await page.getByRole("button", { name: "로그인", exact: true }).click();
}

/** At the provider: says who one is, and agrees. */
async function name(page: Page, who: string): Promise<void> {
  await page.waitForURL(/localhost/);
  await page.locator("[name=login]").fill(who);
  await page.locator("[name=password]").fill("any");
  await page.locator("[type=submit]").click();
  await page.locator("[type=submit]").click();
}

async function another(browser: Browser, baseURL: string | undefined, path: string): Promise<Page> {
  const page = await (await browser.newContext({ locale: "ko-KR", ...(baseURL ? { baseURL } : {}) })).newPage();
  await page.goto(path);
  return page;
}

test.describe.configure({ mode: "serial" });
test.afterAll(stop);

test("an administrator sets the provider up, and an agent logs in by it", async ({ page, browser, baseURL, accessible, request }) => {
  const issuer = await start(address(baseURL));
  await asAdministrator(page, "/admin#realm");
  await page.getByLabel("통합 로그인 제공자(OpenID Connect) 발급자 주소").fill(issuer);
  await page.getByLabel("클라이언트 ID").fill("desk");
  await page.getByLabel("클라이언트 비밀키").fill("secret-of-the-desk");
  await page.getByLabel("사용자를 찾을 클레임").fill("email");
  await page.getByLabel("로그인 단추에 쓸 글").fill("사내 계정으로 로그인");
  await accessible(page);
  await page.getByRole("form").getByRole("button", { name: "저장", exact: true }).click();
  await expect(page.getByRole("button", { name: "변경 취소" })).toBeDisabled();
  const headers = await administrator(request);
  const user = await (await request.get("/api/v1/users/1015", { headers })).json();
  expect((await request.put("/api/v1/users/1015", { headers, data: { ...user, sign_on: "Kim@example.com" } })).ok()).toBe(true);

  const agent = await another(browser, baseURL, "/desk");
  await expect(agent.getByTestId("sign-on")).toHaveText("사내 계정으로 로그인");
  await accessible(agent);
  let came = "";
  agent.on("request", (sent) => {
    if (sent.url().includes("/sign-on/return?")) came = sent.url();
  });
  await agent.getByTestId("sign-on").click();
  await name(agent, "kim");
  await expect(agent.getByTestId("user-menu")).toBeVisible();
  expect(new URL(agent.url()).pathname).toBe("/desk");
  const cookies = await agent.context().cookies(baseURL);
  expect(cookies.map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite])).toContainEqual(["sangdam_session", true, "Strict"]);
  expect(cookies.some(({ name }) => name === "sangdam_sign_on")).toBe(false);
  const rows = await (await request.get("/api/v1/audit?kind=sessions&name=1015", { headers })).json();
  expect(rows.entries[0]).toMatchObject({ action: "signed_on", by: "1015", way: "page" });

  // What brought one in brings nobody in again.
  const thief = await another(browser, baseURL, came);
  await expect(thief.getByRole("alert")).toContainText("다른 곳에서 시작했거나 이미 끝났거나");
  await agent.goto(came);
  await expect(agent.getByTestId("user-menu"), "whoever is in stays in").toBeVisible();
  await agent.context().close();
  await thief.context().close();
});

test("who is unknown here, or changes their mind, is told so", async ({ page, accessible }) => {
  await page.goto("/reports");
  await page.getByTestId("sign-on").click();
  await name(page, "nobody");
  await expect(page.getByRole("alert")).toContainText("여기에 등록된 사용자가 아닙니다");
  await accessible(page);
  expect(page.url()).toMatch(/\/reports$/);
  await page.context().clearCookies();
  await page.getByTestId("sign-on").click();
  await page.waitForURL(/localhost/);
  await page.getByRole("link", { name: /Cancel/ }).click();
  await expect(page.getByRole("alert")).toContainText("로그인을 취소했습니다");
  await page.getByTestId("sign-on").click();
  await name(page, "unseen");
  await expect(page.getByRole("alert"), "an address that nobody has seen").toContainText("받아들일 수 없습니다");
});

test("another signature, and clients with the secret in the body or with none, do as well", async ({ browser, baseURL, request }) => {
  for (const client of ["wall", "public"]) {
    await set(request, { client, ...(client === "public" ? {} : { secret: "secret-of-the-desk" }) });
    const page = await another(browser, baseURL, "/desk");
    await page.getByTestId("sign-on").click();
    await name(page, "kim");
    await expect(page.getByTestId("user-menu")).toBeVisible();
    await page.context().close();
  }
  await set(request, { client: "desk", secret: "not-the-secret-of-it" });
  const page = await another(browser, baseURL, "/desk");
  await page.getByTestId("sign-on").click();
  await name(page, "kim");
  await expect(page.getByRole("alert")).toContainText("받아들일 수 없습니다");
  await page.context().close();
  await set(request, { client: "desk", secret: "secret-of-the-desk" });
});

test("a code of ours is asked for as after a password, unless the provider sees to it", async ({ page, browser, baseURL, request, accessible }) => {
  const owner = { user: "1015", password: "demo" };
  const begun = await (await request.post("/api/v1/second-factor", { data: owner })).json();
  expect((await request.put("/api/v1/second-factor", { data: { ticket: begun.ticket, code: code(begun.secret), log_in: true } })).ok()).toBe(true);
  await page.goto("/desk");
  await page.getByTestId("sign-on").click();
  await name(page, "kim");
  await expect(page.getByLabel("인증 코드")).toBeFocused();
  await accessible(page);
  await page.getByLabel("인증 코드").fill("000000");
  await page.getByRole("button", { name: "로그인", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("코드가 맞지 않거나");
  await page.getByLabel("인증 코드").fill(code(begun.secret, 1));
  await page.getByRole("button", { name: "로그인", exact: true }).click();
  await expect(page.getByTestId("user-menu")).toBeVisible();

  await set(request, { second_factor: "always" });
  const trusted = await another(browser, baseURL, "/desk");
  await trusted.getByTestId("sign-on").click();
  await name(trusted, "kim");
  await expect(trusted.getByTestId("user-menu")).toBeVisible();
  await trusted.context().close();
  await set(request, { second_factor: "never" });
});

test("who must set a second factor sets it, though they have no password", async ({ page, request }) => {
  const headers = await administrator(request);
  const realm = await (await request.get("/api/v1/realm", { headers })).json();
  const user = { name: "새 상담사", role: "supervisor", sign_on: "lee@example.com" };
  expect((await request.put("/api/v1/users/9100", { headers, data: user })).ok()).toBe(true);
  expect((await request.put("/api/v1/realm", { headers, data: { ...realm, second_factor: ["supervisor"] } })).ok()).toBe(true);
  try {
    await page.goto("/wall");
    await page.getByTestId("sign-on").click();
    await name(page, "lee");
    await page.getByText("그림을 읽을 수 없으면").click();
    const secret = (await page.getByTestId("secret").textContent()) ?? "";
    await page.getByLabel("앱에 보이는 코드").fill(code(secret));
    await page.getByRole("button", { name: "확인", exact: true }).click();
    await page.getByRole("button", { name: "보관했습니다" }).click();
    await expect(page.getByLabel("비밀번호")).toHaveCount(0);
    expect((await (await page.request.get("/api/v1/session")).json()).user.id).toBe("9100");
  } finally {
    expect((await request.put("/api/v1/realm", { headers, data: realm })).ok()).toBe(true);
  }
});

test("where passwords are off, the provider is the way in and an administrator's password still one", async ({ page, request, accessible }) => {
  await set(request, { no_passwords: true });
  await page.goto("/admin");
  await expect(page.getByTestId("sign-on")).toBeVisible();
  await expect(page.getByLabel("비밀번호")).toHaveCount(0);
  await accessible(page);
  await page.getByRole("button", { name: "관리자 비밀번호로 로그인" }).click();
  await page.getByLabel("사용자 이름").fill("9001");
  await page.getByLabel("비밀번호").fill("demo");
  await page.getByRole("button", { name: "로그인", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("비밀번호로는 로그인할 수 없습니다");
  await page.getByLabel("사용자 이름").fill("admin");
  await page.getByRole("button", { name: "로그인", exact: true }).click();
  await expect(page.getByRole("button", { name: "로그아웃" })).toBeVisible();
  await set(request, { no_passwords: false });
});

test("a provider that is away is told of, before and in between, and is back when it is back", async ({ page, baseURL }) => {
  const { port } = new URL(provider?.issuer ?? "");
  await page.goto("/desk");
  await page.getByTestId("sign-on").click();
  await page.waitForURL(/localhost/);
  await stop();
  await page.goto("/desk");
  await page.getByTestId("sign-on").click();
  await expect(page.getByRole("alert")).toContainText("제공자가 응답하지 않습니다");
  await start(address(baseURL), port);
  await page.getByTestId("sign-on").click();
  await name(page, "nobody");
  await expect(page.getByRole("alert")).toContainText("여기에 등록된 사용자가 아닙니다");
});
