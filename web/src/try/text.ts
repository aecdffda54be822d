/** The customer page's words. */
import { customer as en } from "../i18n/en";
import { translator } from "../i18n/index.svelte";
import { customer as ko } from "../i18n/ko";

export const t = translator(ko, en);
