/** A voice call: the microphone first, beside it the voice file, then SIP by the {@link Phone} that the file brings. */
import type { Address } from "./address.ts";
import { NO_MEDIA, PATIENCE_MS, Session, TIMED_OUT, UNREACHED, type Data, type Host } from "./event.ts";
import type { Phone, PhoneCall, PhoneListener } from "./phone.ts";

/** Loads the voice file; an error of the network shall not last until the page is reloaded. */
function load(url: string): Promise<Phone> {
  return new Promise((resolve, reject) => {
    if (window.nxWebApiPhone) return resolve(window.nxWebApiPhone);
    const script = document.createElement("script");
    const done = () => {
      script.remove();
      if (window.nxWebApiPhone) resolve(window.nxWebApiPhone);
      else reject();
    };
    script.src = url;
    script.onload = script.onerror = done;
    document.head.appendChild(script);
  });
}

export class Call extends Session {
  private readonly address: Address;
  private call: PhoneCall | undefined;
  private patience: ReturnType<typeof setTimeout> | undefined;

  constructor(host: Host, id: number, address: Address, push: string | undefined, file: string) {
    super(host, id, address.dn);
    this.address = address;
    void this.start(push, load(file));
  }

  /** False: there is no such track. */
  mute(kind: "audio" | "video", on: boolean): boolean {
    return !!this.inCall && this.call!.mute(kind, on);
  }

  dtmf(tone: string): boolean {
    if (this.inCall) this.call!.dtmf(tone);
    return !!this.inCall;
  }

  override finish(desc: string, code = 0, more?: Data): void {
    clearTimeout(this.patience);
    super.finish(desc, code, more);
  }

  protected hangUp(): boolean | undefined {
    if (this.call) this.call.bye();
    return this.call ? true : undefined;
  }

  private async start(push: string | undefined, loading: Promise<Phone>): Promise<void> {
    // Whoever is asked for the microphone may take minutes; meanwhile nobody waits for the file.
    loading.catch(() => {});
    const { host } = this;
    const ask = (more?: object) => navigator.mediaDevices.getUserMedia({ audio: true, ...more });
    let stream: MediaStream;
    try {
      // Without a camera it is a call by voice.
      stream = await (host.wants("video") ? ask({ video: true }).catch(() => ask()) : ask());
    } catch (error) {
      console.warn("nxWebApi: no microphone:", error);
      return this.finish(NO_MEDIA, 0, host.wants("extras") ? { reason: (error as Error).name } : undefined);
    }
    try {
      const phone = await loading;
      if (this.over || this.closing) return stop(stream);
      this.patience = setTimeout(() => {
        this.finish(TIMED_OUT, 408);
        this.call?.bye();
      }, PATIENCE_MS);
      const heard: PhoneListener = {
        provisional: (code, phrase) => {
          clearTimeout(this.patience);
          if (code > 100) this.ringing(phrase);
          else this.trying();
        },
        accepted: () => {
          clearTimeout(this.patience);
          if (!this.closing) this.answered();
        },
        ended: (phrase, code) => this.finish(phrase, code),
      };
      this.call = phone(this.address, push, stream, heard, { remote: host.wants("remoteVideo"), local: host.wants("localVideo") });
    } catch (_) {
      stop(stream);
      this.finish(UNREACHED);
    }
  }
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
