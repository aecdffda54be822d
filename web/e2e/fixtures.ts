/**
 * What every end-to-end test needs: an agent at a desk, a customer on `/try`, and both at once.
 *
 * ```ts
 * import { expect, test } from "./fixtures";
 * test("…", async ({ agent, customer }) => { const desk = await agent("1001"); const chat = await customer("홍길동"); … });
 * ```
 * Pages speak Korean (`locale` in playwright.config.ts). Stable handles, beside roles and names:
 * desk: `desk contacts contact conversation transcript message note outgoing composer wrapup customer-panel attributes
 * why history queues toasts offline typing state-menu user-menu palette transfer-dialog invite-dialog keys-dialog`
 * (`message` has `data-n`, `outgoing` has `data-state`); customer: `chat` (`data-phase`), `log line unsent composer`.
 */
import AxeBuilder from "@axe-core/playwright";
import { test as base, expect, type Browser, type BrowserContext, type BrowserContextOptions, type Locator, type Page } from "@playwright/test";
import { centre, stop } from "./centre";

export { expect };

/** An agent's desk. */
export class DeskPage {
  readonly page: Page;
  readonly composer: Locator;
  readonly messages: Locator;
  readonly contacts: Locator;

  constructor(page: Page) {
    this.page = page;
    this.composer = page.getByTestId("composer");
    this.messages = page.getByTestId("message");
    this.contacts = page.getByTestId("contact");
  }

  async logIn(user: string, password = "demo"): Promise<void> {
    await this.page.goto("/desk");
    await this.page.getByLabel("상담사 번호").fill(user);
    await this.page.getByLabel("비밀번호").fill(password);
    await this.page.getByRole("button", { name: "로그인", exact: true }).click();
    await expect(this.page.getByTestId("user-menu")).toBeVisible();
  }

  /** Chooses from the state menu: 상담 가능, 후처리, or a reason's name. */
  async setState(name: string): Promise<void> {
    await this.page.getByTestId("state-menu").click();
    await this.page.getByRole("menuitemradio", { name, exact: true }).click();
    await expect(this.page.getByTestId("state-menu")).toContainText(name);
  }

  contact(name: string): Locator {
    return this.contacts.filter({ hasText: name });
  }

  async accept(name: string): Promise<void> {
    await this.contact(name).getByRole("button", { name: /^수락/ }).click();
    await expect(this.composer).toBeFocused();
  }

  async select(name: string): Promise<void> {
    await this.contact(name).getByRole("button").first().click();
  }

  async say(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press("Enter");
    await expect(this.page.getByTestId("outgoing")).toHaveCount(0);
    await expect(this.messages.filter({ hasText: text }).last()).toBeVisible();
  }

  async note(text: string): Promise<void> {
    await this.page.getByText("내부 메모", { exact: true }).first().click();
    await this.composer.fill(text);
    await this.composer.press("Enter");
    await expect(this.page.getByTestId("note").filter({ hasText: text })).toBeVisible();
    await this.page.getByText("고객에게", { exact: true }).first().click();
  }

  /** Ends without waiting the five seconds, and finishes the wrap-up. */
  async finish(code?: string, note?: string): Promise<void> {
    await this.page.getByRole("button", { name: "상담 종료" }).click();
    if (code) await this.page.getByRole("radio", { name: code }).check();
    if (note) await this.page.getByLabel("처리 메모").fill(note);
    // On a slow machine the five seconds may be over by now; then the same button has its other name.
    await this.page.getByRole("button", { name: /바로 종료하고 저장|저장하고 완료/ }).click();
    await expect(this.page.getByTestId("wrapup")).toHaveCount(0);
  }
}

/** A customer on the try-out page. */
export class CustomerPage {
  readonly page: Page;
  readonly chat: Locator;
  readonly lines: Locator;
  readonly composer: Locator;

  constructor(page: Page) {
    this.page = page;
    this.chat = page.getByTestId("chat");
    this.lines = page.getByTestId("line");
    this.composer = page.getByTestId("composer");
  }

  async start(name: string): Promise<void> {
    await this.page.goto("/try");
    await this.page.getByLabel("이름").fill(name);
    await this.page.getByRole("button", { name: "상담 시작" }).click();
    await expect(this.chat).toHaveAttribute("data-phase", "open");
  }

  async say(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press("Enter");
    await expect(this.page.getByTestId("unsent")).toHaveCount(0);
    await expect(this.lines.filter({ hasText: text }).last()).toBeVisible();
  }
}

/** `before`: what is done with the browser before anything is loaded. */
type AgentOptions = BrowserContextOptions & { before?: (context: BrowserContext) => Promise<unknown> };

interface Fixtures {
  /** Each call is a browser of its own: another person. */
  agent: (user: string, options?: AgentOptions) => Promise<DeskPage>;
  customer: (name: string, options?: BrowserContextOptions) => Promise<CustomerPage>;
  /** No accessibility violation on the page as it stands. */
  accessible: (page: Page) => Promise<void>;
}

export const test = base.extend<Fixtures, { ending: void }>({
  baseURL: async ({}, use, info) => use(await centre(info.file)),
  ending: [
    async ({}, use) => {
      await use();
      await stop();
    },
    { scope: "worker", auto: true },
  ],
  agent: async ({ browser, contextOptions, baseURL }, use) => {
    const contexts = new Set<{ close(): Promise<void> }>();
    await use(async (user, { before, ...options } = {}) => {
      const context = await browser.newContext({ ...contextOptions, ...(baseURL ? { baseURL } : {}), locale: "ko-KR", ...options });
      contexts.add(context);
      await before?.(context);
      const desk = new DeskPage(await context.newPage());
      await desk.logIn(user);
      return desk;
    });
    for (const context of contexts) await context.close();
  },
  customer: async ({ browser, contextOptions, baseURL }, use) => {
    const contexts = new Set<{ close(): Promise<void> }>();
    await use(async (name, options) => {
      const context = await browser.newContext({ ...contextOptions, ...(baseURL ? { baseURL } : {}), locale: "ko-KR", ...options });
      contexts.add(context);
      const chat = new CustomerPage(await context.newPage());
      await chat.start(name);
      return chat;
    });
    for (const context of contexts) await context.close();
  },
  accessible: async ({}, use) => {
    await use(async (page) => {
      const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
      // The mode without frames asks the page itself, instead of opening another for each look: frames are left out anyway.
      const axe = new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ["violations"] }).withTags(tags).exclude("iframe");
      const { violations } = await axe.analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`)).toEqual([]);
    });
  },
});

/** How a page may look: its language, colours and width. */
export interface Look {
  lang: "ko" | "en";
  colorScheme: "light" | "dark";
  width: number;
}

/** Each language and width in both colours. */
export function looks(...sizes: readonly (readonly [Look["lang"], number])[]): readonly Look[] {
  return sizes.flatMap(([lang, width]) => (["light", "dark"] as const).map((colorScheme) => ({ lang, colorScheme, width })));
}

export const named = ({ lang, colorScheme, width }: Look) => `${lang}, ${colorScheme}, ${width} px`;

/** One page for many looks: it is opened and made ready once, and then changed where it stands. */
export class Looked {
  readonly #ready: (page: Page) => Promise<void>;
  #page: Page | undefined;

  /** `ready`: what is done with a new page, in Korean, such as logging in. */
  constructor(ready: (page: Page) => Promise<void>) {
    this.#ready = ready;
  }

  /** The page as it is to look: language by its own button. */
  async as(look: Look, browser: Browser, baseURL: string | undefined): Promise<Page> {
    if (!this.#page) {
      const context = await browser.newContext({ locale: "ko-KR", timezoneId: "Asia/Seoul", ...(baseURL ? { baseURL } : {}) });
      this.#page = await context.newPage();
      await this.#ready(this.#page);
    }
    const page = this.#page;
    await page.emulateMedia({ colorScheme: look.colorScheme });
    await page.setViewportSize({ width: look.width, height: 844 });
    if ((await page.locator("html").getAttribute("lang")) !== look.lang) {
      await page.getByRole("button", { name: look.lang === "ko" ? "한국어" : "English", exact: true }).click();
    }
    await expect(page.locator("html")).toHaveAttribute("lang", look.lang);
    return page;
  }

  async close(): Promise<void> {
    await this.#page?.context().close();
    this.#page = undefined;
  }
}
