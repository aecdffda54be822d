import { expect, test } from "vitest";
import { NoAnswer, Refusal, type Link } from "./client";
import { Outbox, type Outgoing } from "./outbox.svelte";
import { contact, settle } from "./testing";

function world(kept: readonly Outgoing[] = []) {
  const asked: { verb: string; take: Record<string, unknown>; resolve(ok: object): void; reject(error: Error): void }[] = [];
  const client = {
    link: "online" as Link,
    now: () => 5,
    ask: (verb: string, take: object) =>
      new Promise((resolve, reject) => asked.push({ verb, take: take as Record<string, unknown>, resolve, reject })),
  };
  let saved: readonly Outgoing[] = [];
  let count = 0;
  const written: string[] = [];
  const outbox = new Outbox({
    client: client as never,
    put: async (_, __, progress) => progress(1),
    uuid: () => `u${++count}`,
    written: ({ client: id }, { n }) => void written.push(`${id}=${n}`),
    keep: { load: () => kept, save: (all) => void (saved = all) },
  });
  const answer = async (index: number, n: number) => {
    asked[index]?.resolve({ item: { id: `i${n}`, n, at: 1 }, file: "f1", url: "/f1" });
    await settle();
  };
  return { outbox, client, asked, written, answer, saved: () => saved, states: () => outbox.all.map(({ state }) => state) };
}

test("texts of one contact go one after the other, other contacts do not wait", async () => {
  const { outbox, asked, written, answer } = world();
  outbox.say(contact(), "one", "all");
  outbox.say(contact(), "two", "all");
  outbox.say(contact({ id: "c2" }), "three", "agents");
  expect(asked.map(({ take }) => take.text)).toEqual(["one", "three"]);
  await answer(0, 1);
  expect(asked.map(({ take }) => take.text)).toEqual(["one", "three", "two"]);
  await answer(2, 2);
  expect(written).toEqual(["u1=1", "u2=2"]);
});

test("without a connection they are queued, and go in order with the same ids when it is back", async () => {
  const { outbox, client, asked, answer, states } = world();
  outbox.say(contact(), "one", "all");
  outbox.say(contact(), "two", "all");
  client.link = "lost";
  asked[0]?.reject(new NoAnswer("lost"));
  await settle();
  outbox.say(contact(), "three", "all");
  expect(states()).toEqual(["queued", "queued", "queued"]);
  expect(asked).toHaveLength(1);
  client.link = "online";
  outbox.flush();
  for (let i = 1; i <= 3; i++) await answer(i, i);
  expect(asked.map(({ take }) => [take.client, take.text])).toEqual([["u1", "one"], ["u1", "one"], ["u2", "two"], ["u3", "three"]]);
  expect(outbox.all).toEqual([]);
});

test("late or refused is failed, and a retry keeps the id", async () => {
  const { outbox, asked, answer, states } = world();
  outbox.say(contact(), "one", "all");
  asked[0]?.reject(new NoAnswer("late"));
  await settle();
  expect(states()).toEqual(["failed"]);
  outbox.retry("u1");
  asked[1]?.reject(new Refusal("x", "not these words"));
  await settle();
  expect(outbox.all[0]).toMatchObject({ state: "failed", why: "not these words" });
  outbox.retry("u1");
  await answer(2, 1);
  expect(asked.map(({ take }) => take.client)).toEqual(["u1", "u1", "u1"]);
  expect(outbox.all).toEqual([]);
});

test("a failed text does not hold up the next", async () => {
  const { outbox, asked } = world();
  outbox.say(contact(), "one", "all");
  outbox.say(contact(), "two", "all");
  asked[0]?.reject(new Refusal("x", ""));
  await settle();
  expect(asked[1]?.take.text).toBe("two");
});

test("texts outlive a reload, files cannot", async () => {
  const { outbox, saved, states } = world();
  outbox.send(contact(), new File(["abc"], "a.txt", { type: "text/plain" }), "all", undefined);
  outbox.say(contact(), "one", "all");
  expect(saved().map(({ text }) => text)).toEqual(["one"]);
  expect(states()).toEqual(["sending", "sending"]);
  const again = world(saved());
  again.outbox.flush();
  expect(again.asked[0]?.take).toMatchObject({ client: "u2", text: "one" });
});

test("a file is announced, put and completed", async () => {
  const { outbox, asked, answer, written } = world();
  outbox.send(contact(), new File(["abc"], "a.txt"), "agents", undefined);
  expect(asked[0]).toMatchObject({ verb: "file", take: { name: "a.txt", size: 3, type: "application/octet-stream", audience: "agents" } });
  await answer(0, 0);
  expect(asked[1]).toMatchObject({ verb: "file_done", take: { file: "f1" } });
  await answer(1, 4);
  expect(written).toEqual(["u1=4"]);
});

test("a line that comes before its answer takes the place of what was sent, by its id and not by its words", async () => {
  const { outbox, answer, written } = world();
  outbox.say(contact(), "네", "all");
  outbox.say(contact(), "네", "all");
  outbox.arrived("u1");
  expect(outbox.all.map(({ client }) => client)).toEqual(["u2"]);
  await answer(0, 1);
  expect(written).toEqual(["u1=1"]);
  expect(outbox.all.map(({ client }) => client)).toEqual(["u2"]);
});

test("nothing is certain until what was tried has its answer, or failed", async () => {
  const { outbox, client, asked, answer } = world();
  let certain = 0;
  const wait = () => void outbox.certain().then(() => certain++);
  wait();
  await settle();
  expect(certain).toBe(1);
  outbox.say(contact(), "one", "all");
  client.link = "lost";
  asked[0]?.reject(new NoAnswer("lost"));
  await settle();
  outbox.say(contact(), "two", "all");
  wait();
  client.link = "online";
  outbox.flush();
  await settle();
  expect(certain, "one may have arrived").toBe(1);
  await answer(1, 1);
  // "two" is on its way by now and was never in doubt before: only its own answer settles it.
  await answer(2, 2);
  expect(certain).toBe(2);
  outbox.say(contact(), "three", "all");
  wait();
  asked[3]?.reject(new NoAnswer("late"));
  await settle();
  expect(certain).toBe(3);
});

test("a file whose bytes are there is completed again, not put again", async () => {
  const { outbox, client, asked, answer, written } = world();
  outbox.send(contact(), new File(["abc"], "a.txt"), "all", undefined);
  await answer(0, 0);
  client.link = "lost";
  asked[1]?.reject(new NoAnswer("lost"));
  await settle();
  client.link = "online";
  outbox.flush();
  expect(asked[2]).toMatchObject({ verb: "file_done", take: { file: "f1" } });
  await answer(2, 4);
  expect(written).toEqual(["u1=4"]);
});
