/** The page's words. */
import { translator } from "../i18n/index.svelte";
import { webchat as en } from "../i18n/webchat.en";
import { webchat as ko } from "../i18n/webchat.ko";

export const t = translator(ko, en);
/** What can be wrong with something of the customer's own. */
export type Trouble = "failed" | "unsent" | "noFiles" | "fileTooBig" | "fileType" | "fileMany" | "fileEmpty" | "fileFailed";
/** Why there is no call any more. */
export type CallEnd = "callEnded" | "callFailed" | "mic.denied" | "mic.none" | "mic.busy" | "mic.insecure";
