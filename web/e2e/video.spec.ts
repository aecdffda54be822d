/** Pictures: from browser to browser, refused where the far side has none, and never in the way of the sound. */
import type { Page } from "@playwright/test";
import { Baresip } from "./baresip";
import { BROWSER, Caller, hears, wire } from "./caller";
import { type DeskPage, expect, test as base } from "./fixtures";
import { register } from "./registered";

const [OF_PAGE, OF_FAR, OF_PHONE] = [620, 1_400, 950] as const;

// The page's policy lets it connect to the server alone.
const test = base.extend({ launchOptions: BROWSER, bypassCSP: true });
test.setTimeout(120_000);

interface Inside {
  peers: RTCPeerConnection[];
}

/** A customer's page that shows and sees pictures. */
async function caller(page: Page): Promise<Caller> {
  const caller = await Caller.open(page, OF_PAGE);
  await page.evaluate(() => {
    for (const id of ["far", "own"]) document.body.append(Object.assign(document.createElement("video"), { id }));
    Object.assign((window as unknown as { nxWebApi: { options: object } }).nxWebApi.options, { video: true, remoteVideo: "far", localVideo: document.getElementById("own") });
  });
  return caller;
}

/** How many pictures the page's latest call has decoded. */
const decoded = (page: Page) =>
  page.evaluate(async () => {
    const report = await (window as unknown as Inside).peers.filter(({ connectionState }) => connectionState !== "closed").at(-1)?.getStats();
    const all = [...(report?.values() ?? [])] as { type: string; kind?: string; framesDecoded?: number }[];
    return all.find(({ type, kind }) => type === "inbound-rtp" && kind === "video")?.framesDecoded ?? 0;
  });

/** How bright the picture in a page's element is, 0 to 255; -1 where none is shown. */
const bright = (page: Page, screen: string) =>
  page.locator(screen).evaluate((element) => {
    const video = element as HTMLVideoElement;
    if (!video.srcObject || !video.videoWidth) return -1;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [16, 16];
    const context = canvas.getContext("2d")!;
    context.drawImage(video, 0, 0, 16, 16);
    const { data } = context.getImageData(0, 0, 16, 16);
    return data.reduce((sum, value, at) => (at % 4 === 3 ? sum : sum + value), 0) / (data.length * 0.75);
  });
const sees = (page: Page, screen: string) => expect.poll(() => bright(page, screen), { timeout: 15_000, message: "a picture" }).toBeGreaterThan(30);
const seesBlack = (page: Page, screen: string) =>
  expect.poll(async () => Math.abs((await bright(page, screen)) - 8) <= 8, { timeout: 15_000, message: "a black picture" }).toBe(true);

/** Shows what a page without a script of ours receives. */
const showFar = (page: Page) =>
  page.evaluate(() => {
    const track = (window as unknown as Inside).peers.at(-1)!.getReceivers().find(({ track }) => track.kind === "video")!.track;
    const video = Object.assign(document.createElement("video"), { id: "far", muted: true, autoplay: true, srcObject: new MediaStream([track]) });
    document.body.append(video);
  });

const address = async (page: Page) => {
  const { listeners } = (await (await page.request.get("/api/v1/about")).json()) as { listeners: { sip_udp: string } };
  return listeners.sip_udp.replace(/^\w+:(\/\/)?/, "");
};

test("two browsers see each other; Mute makes a picture black and leaves the sound", async ({ page, browser, baseURL }) => {
  const context = await browser.newContext({ bypassCSP: true, ...(baseURL ? { baseURL } : {}) });
  const other = await context.newPage();
  await register(other, "1004", OF_FAR, true);
  const one = await caller(page);
  await one.calls("1004");
  await sees(page, "#far");
  await sees(page, "#own");
  await showFar(other);
  await sees(other, "#far");
  for (const end of [page, other]) {
    const before = await decoded(end);
    expect(before).toBeGreaterThan(0);
    await expect.poll(() => decoded(end)).toBeGreaterThan(before + 5);
  }
  await hears(other, OF_PAGE);
  await one.hears(OF_FAR);
  expect(await one.do("Mute", "Video", true)).toBe(0);
  await seesBlack(other, "#far");
  await hears(other, OF_PAGE);
  await sees(page, "#far");
  expect(await one.do("Mute", "Video", "false")).toBe(0);
  await sees(other, "#far");
  await one.ends();
  expect(await bright(page, "#far")).toBe(-1);
  expect(await bright(page, "#own")).toBe(-1);
  await context.close();
});

test("a telephone is heard, and the camera is turned off", async ({ page }) => {
  const far = await Baresip.start("1002", OF_PHONE, await address(page));
  try {
    const one = await caller(page);
    await one.calls("1002");
    await one.hears(OF_PHONE);
    await far.hears(OF_PAGE);
    expect(await bright(page, "#own")).toBe(-1);
    expect(await one.do("Mute", "Video", true)).toBe(-1);
    expect(await one.do("Mute", "Audio", true)).toBe(0);
    const refused = await page.evaluate(() => (window as unknown as Inside).peers.at(-1)!.remoteDescription!.sdp);
    expect(refused).toMatch(/^m=video 0 /m);
    expect(await page.evaluate(() => (window as unknown as Inside).peers.at(-1)!.getSenders().filter(({ track }) => track?.kind === "video" && track.readyState === "live").length)).toBe(0);
    await one.ends();
  } finally {
    await far.close();
  }
});

const bar = ({ page }: DeskPage) => page.getByTestId("phone-bar");
const press = ({ page }: DeskPage, act: string) => page.getByTestId(`call-${act}`).click();

test("the desk sees the customer, shows itself, and passes the call to a telephone that is only heard", async ({ agent, page, accessible }) => {
  const desk = await agent("1011", { before: (context) => wire(context, OF_FAR) });
  await desk.page.getByTestId("softphone").click();
  await desk.page.getByRole("button", { name: "이 브라우저를 전화로 쓰기" }).click();
  await expect(desk.page.getByTestId("softphone")).toHaveAttribute("data-standing", "ready", { timeout: 20_000 });
  await desk.page.keyboard.press("Escape");
  await desk.setState("상담 가능");
  const one = await caller(page);
  await one.calls("3002");
  await expect(desk.page.getByRole("button", { name: /^받기/ }).first()).toBeVisible();
  await desk.page.keyboard.press("F8");
  await expect(bar(desk)).toHaveAttribute("data-link", "connected", { timeout: 15_000 });
  await sees(desk.page, "[data-testid=call-picture] .far");
  await one.hears(OF_FAR);
  expect(await bright(page, "#far")).toBe(-1);
  await press(desk, "camera");
  await sees(page, "#far");
  await sees(desk.page, "[data-testid=call-picture] .own");
  await accessible(desk.page);
  if (process.env.SHOTS) await desk.page.screenshot({ path: `${process.env.SHOTS}/desk-video.png` });

  await press(desk, "hold");
  await expect(bar(desk)).toHaveAttribute("data-link", "held");
  const still = await decoded(page);
  await page.waitForTimeout(1_500);
  expect(await decoded(page)).toBeLessThan(still + 10);
  await press(desk, "retrieve");
  await expect(bar(desk)).toHaveAttribute("data-link", "connected");
  await hears(desk.page, OF_PAGE);
  await sees(page, "#far");
  await sees(desk.page, "[data-testid=call-picture] .far");
  await press(desk, "camera");
  await expect(desk.page.locator("[data-testid=call-picture] .own")).toHaveCount(0);

  const far = await Baresip.start("1003", OF_PHONE, await address(page));
  try {
    await press(desk, "pass");
    await desk.page.getByTestId("pass-dialog").getByLabel("번호나 이름").fill("1003");
    await desk.page.keyboard.press("Enter");
    await expect(bar(desk)).toHaveCount(0, { timeout: 15_000 });
    await far.hears(OF_PAGE);
    await one.hears(OF_PHONE);
    await one.ends();
  } finally {
    await far.close();
    await desk.setState("휴식");
  }
});
