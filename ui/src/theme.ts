// Light or dark: as was chosen here, or as the system has it. Does not know colours.

import { computed, effect, signal } from "@preact/signals";

import { amend, state, type Theme } from "./state.ts";

const PLACE = "sightline-theme";
const dark = matchMedia("(prefers-color-scheme: dark)");
const system = signal<Theme>(dark.matches ? "dark" : "light");

export const theme = computed<Theme>(() => state.value.theme ?? stored() ?? system.value);
export const isDark = computed(() => theme.value === "dark");

/** Who turns it to what the system has, has it follow the system again. */
export function turn(): void {
  const next = isDark.value ? "light" : "dark";
  if (next === system.value) localStorage.removeItem(PLACE);
  else localStorage.setItem(PLACE, next);
  amend({ theme: next === system.value ? null : next });
}

export function followTheme(): void {
  dark.addEventListener("change", () => {
    system.value = dark.matches ? "dark" : "light";
  });
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
  });
}

function stored(): Theme | null {
  const found = localStorage.getItem(PLACE);
  return found === "light" || found === "dark" ? found : null;
}
