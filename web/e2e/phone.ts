/** What an agent does with the telephone of their desk. */
import { expect, type DeskPage } from "./fixtures";

export const bar = ({ page }: DeskPage) => page.getByTestId("phone-bar");
export const button = ({ page }: DeskPage) => page.getByTestId("softphone");
export const press = ({ page }: DeskPage, act: string) => page.getByTestId(`call-${act}`).click();

/** Turns the telephone in the browser on, as the agent does the first time. */
export async function turnOn(desk: DeskPage): Promise<void> {
  await button(desk).click();
  await desk.page.getByRole("button", { name: "이 브라우저를 전화로 쓰기" }).click();
  await expect(button(desk)).toHaveAttribute("data-standing", "ready", { timeout: 20_000 });
  await desk.page.keyboard.press("Escape");
}

export async function dial(desk: DeskPage, number: string): Promise<void> {
  await desk.page.keyboard.press("Alt+d");
  await desk.page.getByTestId("dial-dialog").getByLabel("번호나 이름").fill(number);
  await desk.page.keyboard.press("Enter");
}

/** A call rings: it is taken by the keyboard. */
export async function take(desk: DeskPage): Promise<void> {
  await expect(desk.page.getByRole("button", { name: /^받기/ }).first()).toBeVisible();
  await desk.page.keyboard.press("F8");
  await expect(bar(desk)).toHaveAttribute("data-link", "connected", { timeout: 15_000 });
}

/** Somebody is asked aside; they have still to take it. */
export async function consult(desk: DeskPage, number: string): Promise<void> {
  await press(desk, "consult");
  await desk.page.getByTestId("consult-dialog").getByLabel("번호나 이름").fill(number);
  await desk.page.keyboard.press("Enter");
}
