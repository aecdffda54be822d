/** Microphones and loudspeakers: which there are, and which were chosen for this browser. */
import { load, save } from "../../ui/storage";
import { openMicrophone } from "./microphone";
import { ringAt } from "../sound";

const CHOSEN = "sangdam.phone.devices";

interface Chosen {
  readonly input: string;
  readonly output: string;
  readonly ringer: string;
}

export interface DeviceChoice {
  readonly id: string;
  readonly label: string;
}

export class Devices {
  #chosen = $state.raw<Chosen>({ input: "", output: "", ringer: "", ...load<Partial<Chosen>>("local", CHOSEN, {}) });
  /** Absent until the browser was allowed to tell. */
  inputs = $state.raw<readonly DeviceChoice[]>([]);
  outputs = $state.raw<readonly DeviceChoice[]>([]);
  /** Another choice was made. */
  changed: () => void = () => {};

  constructor() {
    if (this.#chosen.ringer) ringAt(this.#chosen.ringer);
    globalThis.navigator?.mediaDevices?.addEventListener?.("devicechange", () => void this.list());
  }

  get input(): string {
    return this.#chosen.input;
  }
  set input(input: string) {
    this.#choose({ ...this.#chosen, input });
  }
  get output(): string {
    return this.#chosen.output;
  }
  set output(output: string) {
    this.#choose({ ...this.#chosen, output });
  }
  get ringer(): string {
    return this.#chosen.ringer;
  }
  set ringer(ringer: string) {
    this.#choose({ ...this.#chosen, ringer });
    ringAt(ringer);
  }

  open(): Promise<MediaStream> {
    return openMicrophone(this.input);
  }

  /** Asks for the microphone once, so that calls need not wait for the agent's consent. */
  async allow(): Promise<void> {
    const stream = await this.open();
    for (const track of stream.getTracks()) track.stop();
    await this.list();
  }

  async list(): Promise<void> {
    const all = (await globalThis.navigator?.mediaDevices?.enumerateDevices?.()) ?? [];
    const of = (kind: string) =>
      all.filter((one) => one.kind === kind && one.deviceId && one.deviceId !== "default").map(({ deviceId: id, label }) => ({ id, label }));
    this.inputs = of("audioinput");
    // Where a page cannot choose, the system's settings do.
    this.outputs = "setSinkId" in HTMLMediaElement.prototype ? of("audiooutput") : [];
  }

  #choose(chosen: Chosen): void {
    this.#chosen = chosen;
    save("local", CHOSEN, chosen);
    this.changed();
  }
}
