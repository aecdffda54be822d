/** The entry of the integrator's bench. */
import { mount } from "svelte";
import "../tokens.css";
import "../ui/base.css";
import { language } from "../i18n/index.svelte";
import { keepFocus } from "../ui/focus";
import { theme } from "../ui/theme.svelte";
import Page from "./Page.svelte";

theme.show();
language.show();
const target = document.getElementById("app");
keepFocus();
if (target) mount(Page, { target });
