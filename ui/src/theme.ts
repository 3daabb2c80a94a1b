// Light or dark: as the system has it, or as was chosen here. Does not know colours.

import { computed, effect, signal } from "@preact/signals";

type Theme = "light" | "dark";
const PLACE = "sightline-theme";
const dark = matchMedia("(prefers-color-scheme: dark)");
const system = signal<Theme>(dark.matches ? "dark" : "light");
const chosen = signal<Theme | null>(stored());

export const theme = computed<Theme>(() => chosen.value ?? system.value);
export const isDark = computed(() => theme.value === "dark");

export function turn(): void {
  const next = isDark.value ? "light" : "dark";
  chosen.value = next === system.value ? null : next;
  if (chosen.value === null) localStorage.removeItem(PLACE);
  else localStorage.setItem(PLACE, next);
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
