import { expect, test } from "vitest";
import { Endings } from "./endings.svelte";
import { TestClock } from "./testing";

function world(came: "done" | "never" | "later" = "done") {
  const clock = new TestClock();
  const ended: string[] = [];
  const state = { came };
  const endings = new Endings({
    now: clock.now,
    after: clock.after,
    end: async (contact) => {
      if (state.came === "done") ended.push(contact);
      return state.came;
    },
  });
  return { clock, ended, endings, state };
}

test("the customer is told after five seconds, not before", async () => {
  const { clock, ended, endings } = world();
  endings.begin("c1");
  await clock.pass(4_900);
  expect(ended).toEqual([]);
  await clock.pass(200);
  expect(ended).toEqual(["c1"]);
  expect(endings.due("c1"), "until the contact says so itself").toBeDefined();
  endings.flush();
  await clock.pass(200);
  expect(ended).toEqual(["c1"]);
  endings.undo("c1");
  expect(endings.due("c1")).toBeUndefined();
});

test("what the server refuses is not due any more", async () => {
  const { clock, endings } = world("never");
  endings.begin("c1");
  await clock.pass(6_000);
  expect(endings.due("c1")).toBeUndefined();
});

test("what is taken back in time never happens", async () => {
  const { clock, ended, endings } = world();
  endings.begin("c1");
  await clock.pass(4_900);
  endings.undo("c1");
  await clock.pass(10_000);
  expect(ended).toEqual([]);
});

test("without a connection it is done when that is back, once", async () => {
  const { clock, ended, endings, state } = world("later");
  endings.begin("c1");
  await clock.pass(6_000);
  expect(endings.due("c1")).toBeDefined();
  state.came = "done";
  endings.flush();
  endings.flush();
  await clock.pass(10_000);
  expect(ended).toEqual(["c1"]);
});

test("ending at once does not wait, and happens once", async () => {
  const { clock, ended, endings } = world();
  endings.begin("c1");
  await endings.now("c1");
  await clock.pass(10_000);
  expect(ended).toEqual(["c1"]);
});
