/** "Why this agent", told in words. */
import { t } from "./text";
import type { Why } from "./wire";

/** So many are named for each reason; the rest is counted. */
const NAMES = 3;

export interface Explained {
  readonly rule: string;
  readonly others: string | undefined;
  readonly out: readonly string[];
}

/** `me` is the agent who reads it. */
export function explain(why: Why, me: string): Explained {
  const others = (why.candidates ?? []).filter(({ agent }) => agent !== me).length;
  const byRule = new Map<string, string[]>();
  for (const { agent, name, rule } of why.out ?? []) byRule.set(rule, [...(byRule.get(rule) ?? []), name || agent]);
  const named = [...byRule].map(([rule, all]) => {
    const [names, reason] = [all.slice(0, NAMES).join(", "), outWord(rule)];
    return all.length > NAMES ? t("why.outMore", { reason, names, n: all.length - NAMES }) : t("why.out", { reason, names });
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
