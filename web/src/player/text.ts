/** The words of the recording player. */
import { translator } from "../i18n/index.svelte";
import { player as en } from "../i18n/player.en";
import { player as ko } from "../i18n/player.ko";

export const t = translator(ko, en);
