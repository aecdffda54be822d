/** A browser that no datagram reaches talks over TCP. */
import { BROWSER, Caller } from "./caller";
import { expect, test } from "./fixtures";

test.use({ launchOptions: BROWSER });

test("where no datagram gets through, the call is heard over TCP", async ({ page }) => {
  // As in a network that lets none out: what the server says of its UDP port leads nowhere.
  await page.addInitScript(() => {
    const take = RTCPeerConnection.prototype.setRemoteDescription;
    RTCPeerConnection.prototype.setRemoteDescription = function (said: RTCSessionDescriptionInit) {
      return take.call(this, { type: said.type, sdp: said.sdp?.replace(/^a=candidate:\S+ \d+ udp .*\r\n/gim, "") ?? "" });
    } as typeof take;
  });
  const caller = await Caller.open(page, 620);
  await caller.calls("3998");
  await caller.hears(440);
  const ways = await page.evaluate(async () => {
    const report = await (window as unknown as { peers: RTCPeerConnection[] }).peers.at(-1)!.getStats();
    const all = [...report.values()] as { id: string; type: string; nominated?: boolean; localCandidateId?: string; protocol?: string }[];
    const used = all.filter(({ type, nominated }) => type === "candidate-pair" && nominated).map(({ localCandidateId }) => localCandidateId);
    return all.filter(({ id }) => used.includes(id)).map(({ protocol }) => protocol);
  });
  expect(ways).toEqual(["tcp"]);
  await caller.ends();
});
