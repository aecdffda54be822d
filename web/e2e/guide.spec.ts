/** The page of docs/web-chat.md, ten lines that chat and call: word for word, but for the ports. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "./fixtures";
import { site, socket } from "./webchat";

test("the guide's ten lines chat with the desk, and call its queue", async ({ agent, page, baseURL }) => {
  test.setTimeout(60_000);
  const guide = readFileSync(join(import.meta.dirname, "../../docs/web-chat.md"), "utf8");
  const lines = /```html\n(.*?)```/s.exec(guide)?.[1] ?? "";
  const html = lines.replaceAll("http://127.0.0.1:8080", baseURL ?? "").replaceAll("ws://127.0.0.1:6080", await socket(page));
  const { url, close } = await site(`<!doctype html><title>x</title>${html}`);
  try {
    const desk = await agent("1001");
    await desk.setState("상담 가능");
    page.on("dialog", (dialog) => void dialog.accept("열 줄로"));
    await page.goto(url);
    const log = page.locator("#log");
    await expect(log).toContainText('"Type":"InCall"');
    await page.getByRole("button", { name: "Say" }).click();
    await desk.accept("01012345678");
    await expect(desk.messages.filter({ hasText: "열 줄로" })).toBeVisible();
    await desk.say("반갑습니다");
    await expect(log).toContainText("반갑습니다");
    await page.getByRole("button", { name: "End" }).click();
    await expect(log).toContainText('"Type":"Clear"');
    await page.getByRole("button", { name: "Call" }).click();
    await expect(log).toContainText('"Type":"Ringing"');
  } finally {
    close();
  }
});
