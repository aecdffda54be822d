/** A supervisor at the desk: listens unseen, whispers, joins, and changes an agent's state. Files for agents alone; details taken off. */
import { expect, test } from "./fixtures";

test("a supervisor listens unseen, joins, and sends an agent away", async ({ agent, customer, accessible }) => {
  test.setTimeout(120_000);
  const desk = await agent("1009");
  await desk.setState("상담 가능");
  const home = await customer("감독 고객");
  await desk.accept("감독 고객");
  await home.say("배송이 늦어요");

  const lead = await agent("9001");
  await lead.page.getByRole("button", { name: "팀", exact: true }).click();
  const team = lead.page.getByTestId("team-dialog");
  await expect(team.getByTestId("team-agent").filter({ hasText: "1009" })).toContainText("상담 1건");
  await accessible(lead.page);
  await lead.page.emulateMedia({ colorScheme: "dark" });
  await lead.page.setViewportSize({ width: 390, height: 844 });
  await accessible(lead.page);
  await lead.page.setViewportSize({ width: 1440, height: 900 });
  const row = team.getByTestId("team-agent").filter({ hasText: "1009" });
  await row.getByRole("button", { name: /조용히 보기/ }).click();
  await expect(lead.page.getByTestId("conversation")).toContainText("조용히 보는 중");
  await expect(lead.messages.filter({ hasText: "배송이 늦어요" })).toBeVisible();
  await accessible(lead.page);

  // A whisper reaches the agent, not the customer; nor does a file of the agents'.
  await lead.composer.fill("쿠폰을 제안하세요");
  await lead.composer.press("Enter");
  await expect(desk.page.getByTestId("note").filter({ hasText: "쿠폰을 제안하세요" })).toBeVisible();
  await desk.page.getByText("내부 메모", { exact: true }).first().click();
  await desk.page.locator("input[type=file]").setInputFiles({ name: "내부 자료.txt", mimeType: "text/plain", buffer: Buffer.from("secret") });
  await desk.page.getByRole("button", { name: "메모 남기기" }).click();
  await expect(lead.page.getByTestId("note").filter({ hasText: "내부 자료.txt" })).toBeVisible();
  await desk.page.getByText("고객에게", { exact: true }).first().click();
  await desk.say("곧 확인해 드리겠습니다");
  await expect(home.lines.filter({ hasText: "곧 확인해" })).toBeVisible();
  const seen = await home.page.getByTestId("log").innerText();
  expect(seen).not.toMatch(/쿠폰|내부 자료|나은정/);

  await lead.page.getByRole("button", { name: "참여하기" }).click();
  await expect(lead.page.getByTestId("conversation")).not.toContainText("조용히 보는 중");
  await expect(home.page.getByTestId("log")).toContainText("나은정");

  // Details are set and taken off again, by keyboard.
  const details = desk.page.getByTestId("attributes");
  await details.getByRole("button", { name: "상담 정보 고치기" }).click();
  await details.getByRole("button", { name: "항목", exact: true }).click();
  await details.getByLabel("항목 이름").fill("order");
  await details.getByLabel("order 값").fill("42");
  await details.getByRole("button", { name: "저장" }).click();
  await expect(details).toContainText("order");
  await details.getByRole("button", { name: "상담 정보 고치기" }).click();
  await accessible(desk.page);
  await details.getByRole("button", { name: "order 지우기" }).press("Enter");
  await details.getByRole("button", { name: "저장" }).press("Enter");
  await expect(details).not.toContainText("order");

  // The agent is sent away, and told so by their own state.
  await lead.page.getByRole("button", { name: "팀", exact: true }).click();
  await row.getByRole("button", { name: /상태 바꾸기/ }).click();
  await lead.page.getByRole("menuitemradio", { name: "자리 비움" }).click();
  await expect(desk.page.getByTestId("state-menu")).not.toContainText("상담 가능");
  await lead.page.keyboard.press("Escape");

  // End and save at once: no form is left, and the day's figures know of it.
  const figures = desk.page.getByText("오늘 처리");
  const before = (await figures.count()) > 0 ? Number(/\d+/.exec(await figures.innerText())?.[0]) : 0;
  await desk.finish(undefined, "끝");
  await expect(desk.contacts).toHaveCount(0);
  await expect(figures).toContainText(`오늘 처리 ${before + 1}`);
});
