/** A call is recorded and masked at the desk, and heard by those who may: in the reports, and in the customer's history. */
import type { APIRequestContext, Page } from "@playwright/test";
import { Baresip } from "./baresip";
import { expect, Looked, looks, named, test as base, type DeskPage } from "./fixtures";
import { bar, press, take, turnOn } from "./phone";
import { BROWSER, speaks } from "./softphone";

interface Kept {
  id: string;
  contact: string;
}

const test = base.extend<{ phone: (number: string) => Promise<Baresip> }>({
  launchOptions: BROWSER,
  phone: async ({ request }, use) => {
    const phones: Baresip[] = [];
    await use(async (number) => {
      const { listeners } = (await (await request.get("/api/v1/about")).json()) as { listeners: { sip_udp: string } };
      const phone = await Baresip.start(number, 950, listeners.sip_udp.replace(/^\w+:(\/\/)?/, ""));
      phones.push(phone);
      return phone;
    });
    for (const phone of phones) await phone.close();
  },
});
test.setTimeout(120_000);

async function headers(request: APIRequestContext, user = "admin"): Promise<Record<string, string>> {
  const session = await request.post("/api/v1/session", { data: { user, password: "demo" } });
  return { Authorization: `Bearer ${(await session.json()).token}` };
}

const kept = async (request: APIRequestContext, query = ""): Promise<Kept[]> =>
  (await (await request.get(`/api/v1/recordings?${query}`, { headers: await headers(request) })).json()).recordings;

const stories = async (request: APIRequestContext, contact: string, kind: string) => {
  const story = await (await request.get(`/api/v1/contacts/${contact}/story`, { headers: await headers(request) })).json();
  return (story.items as { kind: string; detail: Record<string, unknown> }[]).filter((rung) => rung.kind === kind).map(({ detail }) => detail);
};

/** Agents may hear their own calls, or may not. */
async function hearOwn(request: APIRequestContext, on: boolean): Promise<void> {
  const as = { headers: await headers(request) };
  const realm = await (await request.get("/api/v1/realm", as)).json();
  expect((await request.put("/api/v1/realm", { ...as, data: { ...realm, agents_hear_own: on } })).ok()).toBe(true);
}

/** Called by a telephone, an agent records, masks a part of it, and hangs up. Gives what is kept. */
async function recorded(desk: DeskPage, far: Baresip, request: APIRequestContext, extension: string): Promise<Kept> {
  const before = (await kept(request)).length;
  far.dial(extension);
  await take(desk);
  const state = desk.page.getByTestId("recorded");
  await expect(state).toHaveCount(0);
  await expect(desk.page.getByTestId("call-mask")).toHaveCount(0);
  await press(desk, "record");
  await expect(state).toHaveText("녹음 중");
  await expect(desk.page.getByTestId("call-record")).toHaveCount(0);
  await desk.page.waitForTimeout(1_500);
  await press(desk, "mask");
  await expect(state).toHaveText("녹음 가림 중");
  await expect(desk.page.getByTestId("call-mask")).toHaveAttribute("aria-pressed", "true");
  await desk.page.waitForTimeout(1_500);
  await press(desk, "mask");
  await expect(state).toHaveText("녹음 중");
  await desk.page.waitForTimeout(1_500);
  await press(desk, "end");
  await expect(bar(desk)).toHaveCount(0);
  await expect.poll(async () => (await kept(request)).length, { timeout: 20_000 }).toBe(before + 1);
  return (await kept(request))[0]!;
}

async function logIn(page: Page, user = "9001"): Promise<void> {
  await page.goto("/reports");
  await page.getByLabel("사용자 이름").fill(user);
  await page.getByLabel("비밀번호").fill("demo");
  await page.getByRole("button", { name: "로그인", exact: true }).click();
  await expect(page.getByRole("link", { name: "상담 찾기" })).toBeVisible();
}

test("what an agent records and masks is heard in the reports, with its mask, and who listens stands in the story", async ({ agent, phone, page, request, accessible }) => {
  const desk = await agent("1001", { before: (context) => speaks(context, 440) });
  await turnOn(desk);
  const { id, contact } = await recorded(desk, await phone("1002"), request, "1001");
  const peaks = await (await request.get(`/api/v1/recordings/${id}/peaks`, { headers: await headers(request) })).json();
  expect(peaks.silences).toHaveLength(1);
  expect(peaks.silences[0].why).toBe("masked");
  expect(peaks.silences[0].length).toBeGreaterThan(1_000);

  await logIn(page);
  // What fails is said, and tried again.
  await page.route("**/peaks?**", (route) => route.abort());
  await page.goto(`/reports#contact/${contact}`);
  const player = page.getByTestId("player");
  await expect(player.getByRole("alert")).toContainText("불러오지 못했습니다");
  await page.unroute("**/peaks?**");
  await player.getByRole("button", { name: "다시 시도" }).click();
  const wave = player.getByRole("slider", { name: "재생 위치" });
  await expect(wave).toBeVisible();
  for (const side of ["left", "right"]) expect(await player.locator(`.${side} path`).first().getAttribute("d")).toMatch(/^M0 -.{200,}Z$/);
  await expect(player.getByTestId("silences").getByRole("listitem")).toHaveText(/가림/);
  await accessible(page);
  expect(await stories(request, contact, "listened"), "looking at it is not listening").toEqual([]);

  const at = async () => Number(await wave.inputValue());
  const box = (await wave.boundingBox())!;
  await wave.click({ position: { x: box.width / 2, y: 20 } });
  const length = Number(await wave.getAttribute("max"));
  expect(Math.abs((await at()) - length / 2)).toBeLessThan(0.1);
  await wave.press("Home");
  expect(await at()).toBe(0);
  await player.getByRole("button", { name: "2×" }).click();
  await expect(player.getByRole("button", { name: "2×" })).toHaveAttribute("aria-pressed", "true");
  await wave.press("Space");
  await expect(player).toHaveAttribute("data-playing", "true");
  await expect.poll(at).toBeGreaterThan(1);
  await wave.press("Space");
  await expect(player).toHaveAttribute("data-playing", "false");
  const stood = await at();
  await page.waitForTimeout(300);
  expect(await at()).toBe(stood);
  await wave.press("End");
  expect(await at()).toBe(length);
  expect(await stories(request, contact, "listened"), "one listening, whatever was fetched").toEqual([{ recording: id, by: "9001" }]);

  // From the story: where somebody pressed a button, and from the beginning.
  await page.reload();
  await expect(player.getByRole("slider")).toBeVisible();
  const rung = (kind: string) => page.locator(`[data-testid="rung"][data-kind="${kind}"]`);
  await expect(rung("listened")).toContainText("9001");
  await expect(rung("sound")).toHaveText([/녹음 시작/, /녹음 가림/, /가림 해제/]);
  await rung("sound").last().click();
  await page.getByRole("button", { name: "여기서부터 듣기" }).click();
  await expect(player).toHaveAttribute("data-playing", "true");
  expect(await at()).toBeGreaterThan(length / 3);
  await rung("recorded").click();
  await page.getByRole("button", { name: "녹취 듣기" }).click();
  await expect.poll(at).toBeLessThan(length / 2);
  await accessible(page);
});

test("agents hear their own calls in the customer's history where the centre allows it, and not otherwise", async ({ agent, phone, request, accessible }) => {
  const desk = await agent("1003", { before: (context) => speaks(context, 440) });
  await turnOn(desk);
  const far = await phone("1004");
  const { contact } = await recorded(desk, far, request, "1003");
  far.dial("1003");
  await take(desk);
  const history = desk.page.getByTestId("history");
  await expect(history.getByRole("listitem").first()).toBeVisible();
  await expect(history.getByRole("button", { name: /녹취 듣기/ })).toHaveCount(0);
  await hearOwn(request, true);
  try {
    await desk.page.reload();
    await history.getByRole("button", { name: /녹취 듣기/ }).click();
    const player = desk.page.getByTestId("player");
    const wave = player.getByRole("slider", { name: "재생 위치" });
    await expect(wave).toBeVisible();
    await accessible(desk.page);
    await wave.press("Space");
    await expect(player).toHaveAttribute("data-playing", "true");
    await expect.poll(async () => Number(await wave.inputValue())).toBeGreaterThan(0.5);
    expect((await stories(request, contact, "listened")).map(({ by }) => by)).toEqual(["1003"]);
    await desk.page.keyboard.press("Escape");
    await expect(player).toHaveCount(0);
  } finally {
    await hearOwn(request, false);
  }
  // It was allowed when the history was read, and is not any more.
  await history.getByRole("button", { name: /녹취 듣기/ }).click();
  await expect(desk.page.getByTestId("player").getByRole("alert")).toContainText("권한이 없습니다");
  await accessible(desk.page);
  await desk.page.keyboard.press("Escape");
  await press(desk, "end");
  await expect(bar(desk)).toHaveCount(0);
});

test.describe("the player is accessible", () => {
  const looked = new Looked(logIn);
  let contact = "";
  test.afterAll(() => looked.close());
  for (const look of looks(["ko", 1440], ["ko", 390], ["en", 390], ["en", 1440]))
    test(`in ${named(look)}`, async ({ browser, baseURL, accessible, agent, phone, request }) => {
      if (!contact) {
        const desk = await agent("1005", { before: (context) => speaks(context, 440) });
        await turnOn(desk);
        ({ contact } = await recorded(desk, await phone("1006"), request, "1005"));
      }
      const page = await looked.as(look, browser, baseURL);
      await page.goto("/reports#contacts");
      await page.goto(`/reports#contact/${contact}`);
      await expect(page.getByTestId("player").getByRole("slider")).toBeVisible();
      await page.getByTestId("player").getByRole("slider").press("ArrowRight");
      await accessible(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "no sideways scroll").toBe(true);
      if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/player-${look.lang}-${look.colorScheme}-${look.width}.png` });
    });
});
