// What is said where there is nothing to show, and why. Does not know which view it stands in.

import type { ComponentChildren } from "preact";

import { AskError } from "../api.ts";
import { Icon, type IconName } from "./icon.tsx";

interface Props {
  icon: IconName;
  title: string;
  children?: ComponentChildren;
}

export function Notice({ icon, title, children }: Props) {
  return (
    <div class="notice">
      <Icon name={icon} />
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function Failure({ error, retry }: { error: Error; retry: () => void }) {
  const isAway = error instanceof AskError && error.code === "away";
  return (
    <div class="notice" role="alert">
      <Icon name="warning" />
      <h2>{isAway ? "The server is away" : "That did not work"}</h2>
      <p>{error.message}</p>
      <button class="button" onClick={retry}>
        Try again
      </button>
    </div>
  );
}
