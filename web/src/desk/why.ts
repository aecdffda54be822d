/** "Why this agent", told in words. */
import { particle } from "../ui/format";
import { language } from "../i18n/index.svelte";
import { t } from "./text";
import type { Why } from "./wire";

const OUT_LIMIT = 5;

export interface Explained {
  readonly rule: string;
  readonly others: string | undefined;
  readonly out: readonly string[];
}

/** `me` is the agent who reads it. */
export function explain(why: Why, me: string): Explained {
  const others = (why.candidates ?? []).filter(({ agent }) => agent !== me).length;
  const named = (why.out ?? []).slice(0, OUT_LIMIT).map(({ agent, name, rule }) => {
    const who = name || agent;
    return t("why.out", { name: language.current === "ko" ? particle(who, "은/는") : who, reason: outWord(rule) });
  });
  const counted = Object.entries(why.out_counts ?? {}).map(([rule, n]) => t("why.outCount", { n, reason: outWord(rule) }));
  return {
    rule: ruleWord(why.rule),
    others: others > 0 ? t("why.others", { n: others }) : undefined,
    out: named.length > 0 ? named : counted,
  };
}

function ruleWord(rule: string): string {
  switch (rule) {
    case "longest_idle":
      return t("why.longestIdle");
    case "best_skill":
      return t("why.bestSkill");
    case "preferred":
      return t("why.preferred");
    case "last_agent":
      return t("why.lastAgent");
    case "direct":
      return t("why.direct");
    default:
      return rule;
  }
}

function outWord(rule: string): string {
  switch (rule) {
    case "busy":
      return t("why.out.busy");
    case "not_ready":
      return t("why.out.notReady");
    case "logged_off":
      return t("why.out.off");
    case "refused":
      return t("why.out.refused");
    case "missed":
      return t("why.out.missed");
    case "skill":
      return t("why.out.skill");
    default:
      return rule;
  }
}
