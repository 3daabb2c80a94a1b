// The bar above everything: which collection, the search, jobs, light or dark. Does not know the views below.

import { collections } from "../atlas.ts";
import { running } from "../jobs.ts";
import { number } from "../naming.ts";
import { open, state } from "../state.ts";
import { isDark, turn } from "../theme.ts";
import { Icon } from "./icon.tsx";
import { isShown, toggle } from "./jobs.tsx";
import { Menu } from "./menu.tsx";
import { SearchBox } from "./search.tsx";

export function Bar() {
  const count = running.value.length;
  return (
    <header class="bar">
      <a class="brand" href="/" aria-label="Sightline: all collections" onClick={(event) => home(event)}>
        <Mark />
        <span class="wide">Sightline</span>
      </a>
      <Switch />
      {state.value.collection !== null && <SearchBox />}
      <div class="tools">
        <button class="plain" title="Jobs" aria-label={count ? `Jobs, ${count} running` : "Jobs"} aria-expanded={isShown.value} onClick={toggle}>
          <Icon name="jobs" />
          {count > 0 && <span class="badge">{count}</span>}
        </button>
        <button class="plain" title={isDark.value ? "Light" : "Dark"} aria-label={isDark.value ? "Use light colours" : "Use dark colours"} onClick={turn}>
          <Icon name={isDark.value ? "sun" : "moon"} />
        </button>
      </div>
    </header>
  );
}

function Switch() {
  const { collection } = state.value;
  if (collection === null) return null;
  return (
    <Menu kind="switch" title={`Collection ${collection}; choose another`} label={<><span class="name">{collection}</span> <Icon name="down" /></>}>
      {(close) => (
        <ul class="choices">
          {(collections.value ?? []).map((one) => (
            <li key={one.name}>
              <button aria-current={one.name === collection} onClick={() => { open(one.name); close(); }}>
                <strong>{one.name}</strong> <span class="hint">{number(one.items)}</span>
              </button>
            </li>
          ))}
          <li>
            <button onClick={() => open(null)}>All collections</button>
          </li>
        </ul>
      )}
    </Menu>
  );
}

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <path d="M3 16C6.8 10 11.1 7 16 7s9.2 3 13 9c-3.8 6-8.1 9-13 9s-9.2-3-13-9Z" />
      <circle cx="16" cy="16" r="4.4" />
    </svg>
  );
}

function home(event: MouseEvent): void {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(null);
}
