// The buttons over the map: what the hand does, nearer and farther, names, what is known of it. Does not know the map.

import type { ComponentChildren } from "preact";

import { clear, isSelected } from "../selection.ts";
import { Menu } from "../views/menu.tsx";
import { About } from "./about.tsx";
import { meaning, selectSeen } from "./meaning.ts";
import { Sign } from "./signs.tsx";
import { isNamed, tool, type Way, way } from "./tools.ts";

const WAYS: readonly [Way, string][] = [["new", "New"], ["add", "Add"], ["subtract", "Take away"]];

export function Buttons() {
  const isLasso = tool.value === "lasso";
  return (
    <div class="map-tools" role="toolbar" aria-label="Map" aria-orientation="vertical">
      <Tool name="Lasso: draw around pictures to select them (or Shift and drag)" isOn={isLasso} onClick={() => (tool.value = isLasso ? "move" : "lasso")}>
        <Sign name="lasso" />
      </Tool>
      <Tool name="Select all that is seen" onClick={selectSeen}><Sign name="seen" /></Tool>
      <hr />
      <Tool name="Nearer (+)" onClick={() => meaning.step(1.6)}><Sign name="plus" /></Tool>
      <Tool name="Farther (-)" onClick={() => meaning.step(1 / 1.6)}><Sign name="minus" /></Tool>
      <Tool name="All of the map (0)" onClick={meaning.home}><Sign name="whole" /></Tool>
      <hr />
      <Tool name="Names of clusters" isOn={isNamed.value} onClick={() => (isNamed.value = !isNamed.value)}><Sign name="name" /></Tool>
      <Menu title="About this map" kind="map-tool" side="right" label={<Sign name="about" />}>{() => <About />}</Menu>
    </div>
  );
}

/** Which way a lasso goes, for those without Shift and Alt, and the way out of it. */
export function LassoWays() {
  if (tool.value !== "lasso") return null;
  return (
    <div class="map-ways" role="group" aria-label="The lasso">
      {WAYS.map(([value, name]) => (
        <button key={value} type="button" aria-pressed={way.value === value} onClick={() => (way.value = value)}>{name}</button>
      ))}
      {isSelected.value && <button type="button" onClick={clear}>Clear</button>}
    </div>
  );
}

interface ToolProps {
  name: string;
  onClick: () => void;
  isOn?: boolean;
  children: ComponentChildren;
}

function Tool({ name, onClick, isOn, children }: ToolProps) {
  const pressed = isOn === undefined ? {} : { "aria-pressed": isOn };
  return (
    <button type="button" class="map-tool" title={name} aria-label={name} onClick={onClick} {...pressed}>
      {children}
    </button>
  );
}
