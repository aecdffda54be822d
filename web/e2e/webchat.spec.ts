/** The customer's chat page against the real server, with an agent at the desk. */
import type { BrowserContext } from "@playwright/test";
import { expect, test } from "./fixtures";
import { number, REALM, site, socket, WebChat } from "./webchat";

test("a customer and an agent talk: joined, typing, read, files, links, end", async ({ agent, page, accessible }) => {
  test.setTimeout(90_000);
  const desk = await agent("1001");
  await desk.setState("상담 가능");
  const chat = new WebChat(page);
  await chat.open({ path: "/ukakao/webchat.html" });
  await chat.ready();
  await chat.say("첫 메시지");
  await desk.accept(chat.tel);
  await expect(chat.chat).toHaveAttribute("data-phase", "talking");
  await expect(page.getByTestId("happened").last()).toContainText("김서연");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("김서연 상담사");
  await expect(desk.messages.filter({ hasText: "첫 메시지" })).toBeVisible();

  await desk.composer.pressSequentially("확인");
  await expect(page.getByTestId("typing")).toBeVisible();
  await desk.say("확인해 보겠습니다 https://example.com/a?b=1");
  const answer = chat.line("확인해 보겠습니다");
  await expect(answer.getByRole("link")).toHaveAttribute("href", "https://example.com/a?b=1");
  await expect(answer.getByRole("link")).toHaveAttribute("rel", /noopener/);
  await expect(page.getByTestId("typing")).toHaveCount(0);
  await expect(chat.line("첫 메시지")).toContainText("읽음");

  await page.getByTestId("picker").setInputFiles({ name: "사진.png", mimeType: "image/png", buffer: await page.screenshot() });
  await expect(chat.line("사진.png").last()).toHaveAttribute("data-state", "done");
  await expect.poll(() => chat.line("사진.png").locator("img").evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
  await expect(desk.page.getByText("사진.png").first()).toBeVisible();
  await page.getByTestId("picker").setInputFiles({ name: "page.jpg", mimeType: "image/jpeg", buffer: Buffer.from("<html><script>alert(1)</script>") });
  await expect(chat.line("page.jpg").last()).toHaveAttribute("data-state", "failed");
  await expect(chat.line("page.jpg").last()).toContainText("보낼 수 없는 형식입니다");
  await accessible(page);

  await page.getByRole("button", { name: "상담 종료" }).click();
  await page.getByRole("button", { name: "끝내기" }).click();
  await expect(chat.chat).toHaveAttribute("data-phase", "over");
  await expect(page.getByTestId("over")).toContainText("상담이 끝났습니다");
  await accessible(page);
  await expect(desk.page.getByTestId("wrapup")).toBeVisible();
  await page.getByRole("button", { name: "새 상담 시작" }).click();
  await chat.ready();
  await expect(chat.lines).toHaveCount(0);
});

test("the page is connected within half a second of its first paint", async ({ agent, page }) => {
  await (await agent("1002")).setState("상담 가능");
  const chat = new WebChat(page);
  // The first load fills caches that a running server has filled as well.
  for (let load = 0; load < 3; load++) {
    await chat.open();
    await chat.ready();
  }
  const [painted, connected] = await page.evaluate(() => [performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0, performance.getEntriesByName("connected")[0]?.startTime ?? 0]);
  expect(connected! - painted!).toBeLessThan(500);
  console.log(`first paint ${Math.round(painted!)} ms, connected ${Math.round(connected!)} ms after navigation`);
});

test("a reload goes on in the same room, every line once and in order", async ({ agent, page }) => {
  await (await agent("1003")).setState("상담 가능");
  const chat = new WebChat(page);
  await chat.open();
  await chat.ready();
  for (const text of ["하나", "둘", "셋"]) await chat.say(text);
  await page.reload();
  await chat.ready();
  await expect(page.locator("[data-testid=line][data-who=me]")).toHaveText([/하나/, /둘/, /셋/]);
});

test("a cut connection is bridged: what was said meanwhile arrives once", async ({ agent, page, context }) => {
  test.setTimeout(60_000);
  const desk = await agent("1004");
  await desk.setState("상담 가능");
  const chat = new WebChat(page);
  const cut = await cutter(context);
  await chat.open();
  await chat.ready();
  await chat.say("끊기기 전");
  await desk.accept(chat.tel);
  await expect(chat.chat).toHaveAttribute("data-phase", "talking");
  cut.away(true);
  await chat.composer.fill("끊긴 동안");
  await chat.composer.press("Enter");
  await expect(chat.line("끊긴 동안")).toHaveAttribute("data-state", "sending");
  await expect(page.getByTestId("offline")).toBeVisible();
  await expect(chat.line("끊긴 동안")).toContainText("연결되면 전송");
  await desk.say("상담사가 끊긴 동안");
  cut.away(false);
  await expect(page.getByTestId("offline")).toHaveCount(0, { timeout: 20_000 });
  await expect(chat.line("나: 끊긴 동안")).toHaveAttribute("data-state", "done");
  await expect(chat.line("상담사가 끊긴 동안")).toHaveCount(1);
  await expect(desk.messages.filter({ hasText: /끊긴 동안/ })).toHaveCount(2);
});

/** Stands between the page and the server's sockets. */
async function cutter(context: BrowserContext) {
  let gone = false;
  const open = new Set<{ close(options?: { code?: number }): Promise<void> }>();
  await context.routeWebSocket(/^ws:\/\/127\.0\.0\.1:\d+\/$/, (route) => {
    if (gone) return void route.close({ code: 1001 });
    route.connectToServer();
    open.add(route);
  });
  return {
    away(on: boolean) {
      gone = on;
      if (on) for (const route of open) void route.close({ code: 1001 });
      open.clear();
    },
  };
}

test("57 to 59: what the address lacks, has wrong, or may not name is said, and nothing is opened", async ({ page, accessible }) => {
  const sockets: string[] = [];
  page.on("websocket", (socket) => sockets.push(socket.url()));
  page.on("dialog", () => expect("a dialog").toBe("none"));
  const url = await socket(page);
  const good = { realm: REALM, url, dn_number: "3001", tel_number: "01012345678" };
  for (const [over, says] of [
    [{ url: "" }, "url"],
    [{ tel_number: "" }, "tel_number"],
    [{ tel_number: "<img src=x onerror=alert(1)>" }, "tel_number"],
    [{ tel_number: "홍길동" }, "tel_number"],
    [{ url: "ws://evil.test:6080" }, "url"],
    [{ url: "ws://127.0.0.1:22" }, "url"],
    [{ url: "javascript:alert(1)" }, "url"],
  ] as const) {
    await page.goto(`/webchat.html?${new URLSearchParams({ ...good, ...over })}`);
    await expect(page.getByTestId("fault")).toContainText(says);
  }
  await accessible(page);
  expect(sockets).toEqual([]);
  expect(await page.locator("img").count()).toBe(0);
});

test("nobody there, an unknown number and an unknown realm end with a reason and a way on", async ({ page, accessible }) => {
  const chat = new WebChat(page);
  await chat.open({ dn: "999999" });
  await expect(page.getByTestId("failed")).toContainText("없는 번호");
  await accessible(page);
  await page.getByRole("button", { name: "다시 시도" }).click();
  await expect(page.getByTestId("failed")).toContainText("없는 번호");
  await page.goto(`/webchat.html?${new URLSearchParams({ realm: "no.such.test", url: await socket(page), dn_number: "3001", tel_number: number() })}`);
  await expect(page.getByTestId("failed")).toContainText("없는 번호");
});

/** Known ways into a page that forgets what is text (OWASP's list, and what a chat's own fields offer). */
const ATTACKS = [
  "<script>window.__hit=1</script>",
  "<img src=x onerror=window.__hit=1>",
  "<svg/onload=window.__hit=1>",
  "<iframe srcdoc='<script>parent.__hit=1</script>'></iframe>",
  "<a href='javascript:window.__hit=1'>x</a>",
  "javascript:window.__hit=1",
  "\"><script>window.__hit=1</script>",
  "{{constructor.constructor('window.__hit=1')()}}",
  "${window.__hit=1}",
  "<style>*{display:none}</style>",
  "<base href=//evil.test>",
  "<form action=//evil.test><input name=x>",
  "https://example.com/\"onmouseover=\"window.__hit=1",
  "data:text/html,<script>window.__hit=1</script>",
  "<math><mi//xlink:href=\"data:x,<script>window.__hit=1</script>\">",
  "\u202Egnp.exe",
];

test("whatever is said stays text, on both sides", async ({ agent, page }) => {
  test.setTimeout(90_000);
  const desk = await agent("1005");
  await desk.setState("상담 가능");
  const chat = new WebChat(page);
  await chat.open();
  await chat.ready();
  const foreign: string[] = [];
  for (const one of [page, desk.page]) one.on("request", (request) => void (/evil\.test/.test(request.url()) && foreign.push(request.url())));
  await desk.accept(chat.tel);
  for (const attack of ATTACKS) await chat.say(attack);
  const evil = "javascript:window.__hit=1";
  await page.evaluate(
    ([evil]) => {
      const { nxWebApi } = window as unknown as { nxWebApi: { Message_C(content: unknown): number } };
      nxWebApi.Message_C({ type: "links", message: "<b>x</b>", links: [{ name: "<i>name</i>", type: "text", extra: evil }] });
      nxWebApi.Message_C({ TYPE: "SCENARIO", MESSAGE: { TITLE: "<b>t</b>", DESC: "<img src=x onerror=window.__hit=1>", URL: evil, BUTTONS: [{ KEYWORD: "<u>k</u>", TITLE: "<u>t</u>", MENU_ID: "x" }], TAIL: [] } });
      nxWebApi.Message_C({ type: "file", file_data: [{ name: "<b>n</b>.png", url: "https://evil.test/a.png", mime_type: "image/png", preview_url: "https://evil.test/p.png" }] });
    },
    [evil] as const,
  );
  // What a page has not sent when it goes is gone with it.
  for (const text of ["<b>x</b>", "<b>t</b>", "<b>n</b>.png"]) await expect(desk.messages.filter({ hasText: text }).first()).toBeVisible({ timeout: 15_000 });
  await page.reload();
  await chat.ready();
  await expect(chat.line("<b>n</b>.png")).toBeVisible();
  for (const attack of ATTACKS) await expect(chat.lines.getByText(attack, { exact: true }).first()).toBeVisible();
  for (const one of [page, desk.page]) {
    expect(await one.evaluate(() => (window as { __hit?: number }).__hit)).toBeUndefined();
    expect(await one.locator("[href^='javascript'],[href^='data'],script:not([src]),base").count()).toBe(0);
  }
  expect(await page.locator(".log :is(b:not([class]),i:not([class]),u,style,form,svg:not([aria-hidden]),iframe,img)").count()).toBe(0);
  // A picture of another host says from where it would come, and waits.
  await expect(chat.line("<b>n</b>.png").getByRole("button")).toHaveText("evil.test의 그림 보기");
  expect(foreign).toEqual([]);
});

test("one Enter sends once, also while a Hangul syllable is made; Shift+Enter breaks the line; pasted files go out", async ({ agent, page }) => {
  await (await agent("1006")).setState("상담 가능");
  const chat = new WebChat(page);
  await chat.open();
  await chat.ready();
  await chat.composer.focus();
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Input.imeSetComposition", { text: "한", selectionStart: 1, selectionEnd: 1 });
  await cdp.send("Input.dispatchKeyEvent", { type: "rawKeyDown", key: "Process", windowsVirtualKeyCode: 229, code: "Enter" });
  await expect(chat.lines).toHaveCount(0);
  await cdp.send("Input.insertText", { text: "한" });
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("b");
  await page.keyboard.press("Enter");
  await expect(chat.lines).toHaveCount(1);
  await expect(chat.lines.first().locator(".text")).toHaveText("한\nb", { useInnerText: true });
  await chat.composer.evaluate((area) => {
    const data = new DataTransfer();
    data.items.add(new File(["글"], "붙여넣기.txt", { type: "text/plain" }));
    area.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  });
  await expect(chat.line("붙여넣기.txt").last()).toHaveAttribute("data-state", "done");
  await page.getByTestId("webchat").evaluate((box) => {
    const data = new DataTransfer();
    data.items.add(new File(["글"], "끌어놓기.txt", { type: "text/plain" }));
    box.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  await expect(chat.line("끌어놓기.txt").last()).toHaveAttribute("data-state", "done");
});

for (const lang of ["ko", "en"] as const) {
  test(`usable in ${lang}, light and dark, wide, on a phone, and by its own colours`, async ({ agent, page, accessible }) => {
    const desk = await agent(lang === "ko" ? "1007" : "1008");
    await desk.setState("상담 가능");
    const chat = new WebChat(page);
    await page.setViewportSize({ width: 1440, height: 900 });
    await chat.open({ more: { lang } });
    await chat.ready();
    await chat.say("안녕하세요");
    await desk.accept(chat.tel);
    await expect(chat.chat).toHaveAttribute("data-phase", "talking");
    await page.evaluate(() => {
      const { nxWebApi } = window as unknown as { nxWebApi: { Message_C(content: unknown): number } };
      nxWebApi.Message_C({ TYPE: "SCENARIO", MESSAGE: { KEYWORD: "HOME", MENU_ID: "CHAT_ROOT", TITLE: "WELCOME", DESC: "환영합니다.\\n 무엇을 도와드릴까요?", URL: "http://nexus.co.kr", BUTTONS: [{ KEYWORD: "솔루션", MENU_ID: "S", TITLE: "솔루션 문의", TEXT: "제품을 소개해 드립니다." }], TAIL: [{ KEYWORD: "HOME", MENU_ID: "CHAT_ROOT" }] } });
    });
    await page.reload();
    await chat.ready();
    await expect(page.getByTestId("menu-card")).toBeVisible();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      for (const [width, height] of [[1440, 900], [390, 844], [360, 640]] as const) {
        await page.setViewportSize({ width, height });
        await accessible(page);
        expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);
      }
      await page.getByTestId("menu").click();
      await accessible(page);
      await page.keyboard.press("Escape");
      await page.getByTestId("call").click();
      await expect(page.getByTestId("callbar")).toBeVisible();
      await accessible(page);
      await page.getByTestId("callbar").getByRole("button").first().click();
    }
    const first = page.locator("[data-testid=menu-card] button").first();
    await first.focus();
    await page.keyboard.press("Enter");
    await expect(first).toBeDisabled();
    await expect(chat.line("솔루션 문의").last()).toHaveAttribute("data-who", "me");
  });
}

test("the site's colours are taken where they can be read, and refused where not", async ({ agent, page, accessible }) => {
  await (await agent("1009")).setState("상담 가능");
  const chat = new WebChat(page);
  await chat.open({ more: { brand: "#0a6b3d", radius: "8px", title: "한빛몰 고객센터" } });
  await chat.ready();
  await chat.say("초록");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("한빛몰 고객센터");
  await expect(page.locator("header")).toHaveCSS("background-color", "rgb(10, 107, 61)");
  await accessible(page);
  const warned: string[] = [];
  page.on("console", (message) => warned.push(message.text()));
  await chat.open({ more: { brand: "#fee500" } });
  await expect(page.locator("header")).toHaveCSS("background-color", "rgb(47, 85, 212)");
  expect(warned.join()).toContain("contrast");
});

test("the launcher opens a panel on another site's page, counts what is unread, and comes back after a reload", async ({ agent, page, baseURL, accessible }) => {
  test.setTimeout(60_000);
  const desk = await agent("1010");
  await desk.setState("상담 가능");
  const url = await socket(page);
  const shop = `<!doctype html><html lang="ko"><head><title>한빛몰</title><style>button{background:red!important;font-size:40px}</style>
    <script src="${baseURL}/nx-launcher.js" data-realm="${REALM}" data-dn="3001" data-url="${url}" data-title="한빛몰 고객센터"></script></head>
    <body><main><h1>한빛몰</h1></main><script src="${baseURL}/nx-launcher.js"></script></body></html>`;
  const elsewhere = await site(shop);
  await page.goto(elsewhere.url);
  const button = page.getByRole("button", { name: /채팅 상담 열기/ });
  await expect(button).toHaveCount(1);
  expect(page.frames()).toHaveLength(1);
  await button.click();
  const frame = page.frameLocator("iframe");
  const composer = frame.getByTestId("composer");
  await expect(frame.getByTestId("webchat")).toHaveAttribute("data-phase", /waiting|talking/);
  await expect(composer).toBeFocused();
  await composer.fill("사이트에서");
  await composer.press("Enter");
  await desk.contacts.first().getByRole("button", { name: /^수락/ }).click();
  await desk.say("안녕하세요");
  await expect(frame.getByTestId("line").filter({ hasText: "안녕하세요" })).toBeVisible();
  await accessible(page);
  await composer.press("Escape");
  await expect(page.locator("iframe")).toBeHidden();
  await expect(button).toBeFocused();
  await desk.say("보고 계신가요?");
  await expect(page.getByRole("button", { name: "채팅 상담 열기, 1 새 메시지" })).toBeVisible();
  await page.reload();
  await expect(page.locator("iframe")).toHaveCount(1);
  await page.getByRole("button", { name: /채팅 상담 열기/ }).click();
  await expect(frame.getByTestId("line").filter({ hasText: "보고 계신가요?" })).toHaveCount(1);
  await page.setViewportSize({ width: 390, height: 844 });
  await expect(page.locator("iframe")).toHaveCSS("width", "390px");
  elsewhere.close();
});
