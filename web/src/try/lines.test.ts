import { expect, test } from "vitest";
import { agentOf, eventOf, merge, seen, withReceipt } from "./lines";
import type { ChatItem } from "./participant";

const line = (id: string, second: number, over: Partial<ChatItem> = {}): ChatItem => ({
  Id: id,
  Type: "MESSAGE",
  AbsoluteTime: `2026-11-21T00:00:${String(second).padStart(2, "0")}.000Z`,
  ParticipantId: "me",
  ParticipantRole: "CUSTOMER",
  ...over,
});
const joined = (name: string, word: string, second: number) =>
  line(name + word, second, {
    Type: "EVENT",
    ContentType: `application/vnd.amazonaws.connect.event.participant.${word}`,
    ParticipantRole: "AGENT",
    DisplayName: name,
  });

test("lines are keyed by id and ordered by time, whichever way they came", () => {
  const known = merge([], [line("b", 2), line("a", 1)]);
  expect(merge(known, [line("c", 3), line("a", 1)]).map(({ Id }) => Id)).toEqual(["a", "b", "c"]);
});

test("a receipt counts for all that came before, and a second telling does not lose it", () => {
  let items = merge([], [line("a", 1), line("b", 2), line("c", 3)]);
  items = withReceipt(items, { MessageId: "b", Receipts: [{ ReadTimestamp: "x", RecipientParticipantId: "agent" }] });
  items = merge(items, [line("b", 2, { MessageMetadata: { MessageId: "b", Receipts: [] } })]);
  expect(seen(items, "me")).toEqual({ delivered: items[1]?.AbsoluteTime, read: items[1]?.AbsoluteTime });
});

test("own receipts are no news", () => {
  const items = [line("a", 1, { MessageMetadata: { MessageId: "a", Receipts: [{ ReadTimestamp: "x", RecipientParticipantId: "me" }] } })];
  expect(seen(items, "me").read).toBe("");
});

test("the agent is who came last and has not left", () => {
  expect(agentOf([joined("Kim", "joined", 1)])).toBe("Kim");
  expect(agentOf([joined("Kim", "joined", 1), joined("Kim", "left", 2)])).toBeUndefined();
  expect(agentOf([joined("Kim", "joined", 1), joined("Kim", "left", 2), joined("Lee", "joined", 3)])).toBe("Lee");
  expect(eventOf(joined("Kim", "joined", 1))).toBe("participant.joined");
});
