/** What the tests of the customer's chat need beside `fixtures.ts`: where the sockets are, and the page with its address. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Locator, Page } from "@playwright/test";
import { expect } from "./fixtures";

export const REALM = "nexuscommunity.net";

/** Where the server takes browsers' sockets. */
export async function socket(page: Page): Promise<string> {
  const answer = await page.request.get("/api/v1/about");
  const { listeners } = (await answer.json()) as { listeners: { sip_ws: string } };
  return listeners.sip_ws;
}

export interface Wanted {
  dn?: string;
  tel?: string;
  path?: string;
  /** More of the address, such as `lang`. */
  more?: Record<string, string>;
}

let customers = 0;
/** A number that no other test uses. */
export const number = () => `0109999${String(Date.now() % 10_000).padStart(4, "0")}${customers++}`;

/** The customer's page. */
export class WebChat {
  readonly page: Page;
  readonly chat: Locator;
  readonly lines: Locator;
  readonly composer: Locator;
  /** The customer's number, by which the desk knows the chat. */
  tel = "";

  constructor(page: Page) {
    this.page = page;
    this.chat = page.getByTestId("webchat");
    this.lines = page.getByTestId("line");
    this.composer = page.getByTestId("composer");
  }

  async open({ dn = "3001", tel = number(), path = "/webchat.html", more = {} }: Wanted = {}): Promise<void> {
    this.tel = tel;
    const query = new URLSearchParams({ realm: REALM, url: await socket(this.page), dn_number: dn, tel_number: tel, ...more });
    await this.page.goto(`${path}?${query}`);
  }

  /** Until something can be said. */
  async ready(): Promise<void> {
    await expect(this.chat).toHaveAttribute("data-phase", /waiting|talking|bot/);
    await expect(this.page.getByRole("button", { name: /^(파일 첨부|Attach a file)$/ })).toBeEnabled();
  }

  line(text: string): Locator {
    return this.lines.filter({ hasText: text });
  }

  async say(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press("Enter");
    await expect(this.line(text).last()).toHaveAttribute("data-state", "done");
  }
}

/** A site of somebody else: one page at an origin of its own. Not `page.route`: its pages may not reach loopback. */
export async function site(html: string): Promise<{ url: string; close: () => void }> {
  const server = createServer((_, answer) => answer.setHeader("Content-Type", "text/html; charset=utf-8").end(html));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return { url: `http://localhost:${port}/`, close: () => server.close() };
}
