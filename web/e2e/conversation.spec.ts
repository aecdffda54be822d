/**
 * A whole conversation in two windows, customer and desk, in both languages: offer, words both ways, typing, read
 * marks, a file, a note the customer must not see, transfer to a second desk, lost connection, end and wrap-up. And no
 * accessibility violation on any screen, wide or narrow, light or dark.
 */
import type { Page } from "@playwright/test";
import * as enPages from "../src/i18n/en";
import * as koPages from "../src/i18n/ko";
import { login as enLogin } from "../src/i18n/login.en";
import { login as koLogin } from "../src/i18n/login.ko";
import { expect, test } from "./fixtures";

const ko = { ...koPages, login: koLogin };
const en = { ...enPages, login: enLogin };

const LANGUAGES = [
  { lang: "ko", locale: "ko-KR", words: ko, first: "1001", second: "1011", customer: "홍길동" },
  { lang: "en", locale: "en-US", words: en, first: "1002", second: "1012", customer: "Jane Doe" },
] as const;

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAEklEQVR4nGP4z8CABzGMSjNgCRYAt8pjnQuW0pkAAAAASUVORK5CYII=",
  "base64",
);

async function logIn(page: Page, words: typeof ko | typeof en, user: string): Promise<void> {
  await page.goto("/desk");
  await page.getByLabel(words.login["desk.user"]).fill(user);
  await page.getByLabel(words.login.password).fill("demo");
  await page.getByRole("button", { name: words.login.submit, exact: true }).click();
  await expect(page.getByTestId("user-menu")).toBeVisible();
}

async function goReady(page: Page, words: typeof ko | typeof en): Promise<void> {
  await page.getByTestId("state-menu").click();
  await page.getByRole("menuitemradio", { name: words.desk["state.ready"], exact: true }).click();
  await expect(page.getByTestId("state-menu")).toContainText(words.desk["state.ready"]);
}

async function goAway(page: Page, words: typeof ko | typeof en): Promise<void> {
  await page.getByTestId("state-menu").click();
  await page.getByRole("menuitemradio", { name: words.desk["state.acw"], exact: true }).first().click();
  await expect(page.getByTestId("state-menu")).toContainText(words.desk["state.acw"]);
}

for (const { lang, locale, words, first, second, customer } of LANGUAGES) {
  test(`a whole conversation in ${lang}`, async ({ browser, accessible }) => {
    test.setTimeout(180_000);
    const settings = { locale, baseURL: process.env.SANGDAM_HTTP ?? "" };
    const desk = await (await browser.newContext(settings)).newPage();
    const other = await (await browser.newContext(settings)).newPage();
    const home = await (await browser.newContext(settings)).newPage();
    // The desk's sockets can be cut from outside.
    await desk.addInitScript(() => {
      const open: WebSocket[] = [];
      const Plain = WebSocket;
      Object.assign(window, {
        sockets: open,
        WebSocket: class extends Plain {
          constructor(url: string | URL, protocols?: string | string[]) {
            super(url, protocols);
            open.push(this);
          }
        },
      });
    });

    await desk.goto("/desk");
    await accessible(desk);
    await logIn(desk, words, first);
    await goReady(desk, words);
    await accessible(desk);
    await logIn(other, words, second);
    await goReady(other, words);

    // The customer comes, and is taken with the keyboard.
    await home.goto("/try");
    await accessible(home);
    await home.getByLabel(words.customer.name).fill(customer);
    await home.getByRole("button", { name: words.customer.begin }).click();
    await expect(home.getByTestId("chat")).toHaveAttribute("data-phase", "open");
    const card = desk.getByTestId("contact").filter({ hasText: customer });
    await expect(card.getByRole("button", { name: new RegExp(`^${words.desk["contact.accept"]}`) })).toBeVisible();
    await desk.keyboard.press("F8");
    await expect(desk.getByTestId("composer")).toBeVisible();

    // Words, both ways; typing; read marks.
    await home.getByTestId("composer").fill("주문한 상품이 아직 안 왔어요 👋");
    await home.getByTestId("composer").press("Enter");
    await expect(desk.getByTestId("message").filter({ hasText: "아직 안 왔어요 👋" })).toBeVisible();
    await home.getByTestId("composer").pressSequentially("그리고");
    await expect(desk.getByTestId("typing")).toBeVisible();
    await home.getByTestId("composer").fill("");
    const composer = desk.getByTestId("composer");
    await composer.fill("확인해 보겠습니다");
    await composer.press("Enter");
    await expect(home.getByTestId("line").filter({ hasText: "확인해 보겠습니다" })).toBeVisible();
    await expect(desk.getByTestId("message").filter({ hasText: "확인해 보겠습니다" })).toContainText(words.desk["chat.read"]);

    // A note is for colleagues alone.
    await desk.getByText(words.desk["composer.note"], { exact: true }).first().click();
    await composer.fill("VIP: 쿠폰 제안");
    await composer.press("Enter");
    await expect(desk.getByTestId("note").filter({ hasText: "VIP: 쿠폰 제안" })).toBeVisible();
    await desk.getByText(words.desk["composer.customer"], { exact: true }).first().click();

    // A picture from the customer.
    await home.locator("input[type=file]").setInputFiles({ name: "shot.png", mimeType: "image/png", buffer: PNG });
    await expect(desk.getByTestId("message").filter({ has: desk.locator("img") })).toBeVisible();
    await accessible(desk);
    await accessible(home);

    // A cut connection loses nothing and doubles nothing, whatever is said meanwhile.
    await desk.evaluate(() => (window as unknown as { sockets: WebSocket[] }).sockets.forEach((socket) => socket.close()));
    await composer.fill("연결되면 갑니다");
    await composer.press("Enter");
    await home.getByTestId("composer").fill("거기 계세요?");
    await home.getByTestId("composer").press("Enter");
    await expect(home.getByTestId("line").filter({ hasText: "연결되면 갑니다" })).toHaveCount(1, { timeout: 20_000 });
    await expect(desk.getByTestId("message").filter({ hasText: "거기 계세요?" })).toHaveCount(1);
    await expect(desk.getByTestId("message").filter({ hasText: "연결되면 갑니다" })).toHaveCount(1);

    // So does a network that is away: the banner comes, what was typed is kept and goes by itself, the banner goes.
    await desk.context().setOffline(true);
    await composer.fill("끊긴 사이 쓴 말");
    const banner = desk.getByTestId("offline").getByText(words.desk["net.offline"]);
    await expect(banner).toBeVisible({ timeout: 15_000 });
    await accessible(desk);
    await composer.press("Enter");
    await composer.fill("아직 안 보낸 말");
    await expect(desk.getByTestId("outgoing").filter({ hasText: "끊긴 사이 쓴 말" })).toBeVisible();
    await home.getByTestId("composer").fill("끊긴 사이 온 말");
    await home.getByTestId("composer").press("Enter");
    await desk.context().setOffline(false);
    await expect(banner).toHaveCount(0, { timeout: 5_000 });
    await expect(home.getByTestId("line").filter({ hasText: "끊긴 사이 쓴 말" })).toHaveCount(1);
    await expect(desk.getByTestId("message").filter({ hasText: "끊긴 사이 온 말" })).toHaveCount(1);
    await expect(desk.getByTestId("message").filter({ hasText: "끊긴 사이 쓴 말" })).toHaveCount(1);
    await expect(desk.getByTestId("outgoing")).toHaveCount(0);
    await expect(composer).toHaveValue("아직 안 보낸 말");
    await composer.fill("");

    // The customer's network, too.
    await home.context().setOffline(true);
    await home.getByTestId("composer").fill("고객도 끊겼어요");
    await home.getByTestId("composer").press("Enter");
    await expect(home.getByTestId("unsent")).toContainText(words.customer.queued);
    await expect(home.getByText(words.customer.offline)).toBeVisible({ timeout: 10_000 });
    await accessible(home);
    await home.context().setOffline(false);
    await expect(desk.getByTestId("message").filter({ hasText: "고객도 끊겼어요" })).toHaveCount(1, { timeout: 10_000 });
    await expect(home.getByTestId("line").filter({ hasText: "고객도 끊겼어요" })).toHaveCount(1);
    await expect(home.getByText(words.customer.offline)).toHaveCount(0);

    // On to the other group, with a word for the colleague.
    await desk.getByRole("button", { name: words.desk["contact.transfer"], exact: true }).click();
    const dialog = desk.getByTestId("transfer-dialog");
    await expect(dialog.getByText("3002")).toBeVisible();
    await accessible(desk);
    await dialog.getByText("3002").click();
    await dialog.getByLabel(words.desk["people.note"]).fill("배송 담당 부탁드립니다");
    await dialog.getByRole("button", { name: words.desk["contact.transfer"], exact: true }).click();
    await expect(dialog).toHaveCount(0);
    await other.getByTestId("contact").filter({ hasText: customer }).getByRole("button", { name: new RegExp(`^${words.desk["contact.accept"]}`) }).click();
    await expect(other.getByTestId("transcript")).toContainText("배송 담당 부탁드립니다");
    await expect(other.getByTestId("transcript")).toContainText("주문한 상품이 아직 안 왔어요 👋");
    await other.getByTestId("composer").fill("이어서 도와드리겠습니다");
    await other.getByTestId("composer").press("Enter");
    await expect(home.getByTestId("line").filter({ hasText: "이어서 도와드리겠습니다" })).toBeVisible();
    const seen = await home.getByTestId("log").innerText();
    expect(seen).not.toContain("VIP");
    expect(seen).not.toContain("배송 담당");

    // Narrow and dark, while there is something to see.
    await other.emulateMedia({ colorScheme: "dark" });
    await accessible(other);
    await other.setViewportSize({ width: 390, height: 844 });
    await accessible(other);
    await home.setViewportSize({ width: 360, height: 780 });
    await accessible(home);
    await other.setViewportSize({ width: 1440, height: 900 });

    // The end, and the work after it.
    await other.getByRole("button", { name: words.desk["contact.end"], exact: true }).click();
    await accessible(other);
    await expect(home.getByTestId("chat")).toHaveAttribute("data-phase", "over", { timeout: 15_000 });
    await other.getByLabel(words.desk["wrapup.note"]).fill("다시 전화 드리기로 함");
    await other.getByRole("button", { name: words.desk["wrapup.save"], exact: true }).click();
    await expect(other.getByTestId("contact").filter({ hasText: customer })).toHaveCount(0);
    await expect(other.getByText(words.desk["today.label"])).toContainText("1");
    await accessible(home);
    // Nobody is left ready: the next test's contacts would ring here first.
    for (const page of [desk, other]) await goAway(page, words);
    for (const page of [desk, other, home]) await page.context().close();
  });
}
