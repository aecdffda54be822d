/** The entry of `nxWebApi.js`: the global `nxWebApi`. Loaded twice, the first one stays. */
import { create, type NxWebApi } from "./api.ts";

declare global {
  interface Window {
    nxWebApi?: NxWebApi;
  }
  /** The name of the voice file that was built with this script; it lies beside it. */
  const VOICE_FILE: string;
}

const script = document.currentScript as HTMLScriptElement | null;
window.nxWebApi = window.nxWebApi || create(new URL(VOICE_FILE, script ? script.src : location.href).href);
