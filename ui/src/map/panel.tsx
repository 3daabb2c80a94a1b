// The map of a collection. Does not know the grid beside it: they share the state, `results` and `pointed`.

import "./map.css";

import { useEffect, useRef } from "preact/hooks";

import { atlas, refreshAtlas } from "../atlas.ts";
import { isAway } from "../away.ts";
import { number } from "../naming.ts";
import { clear, isSelected } from "../selection.ts";
import { state } from "../state.ts";
import type { MapInfo } from "../wire.ts";
import { Failure } from "../views/notice.tsx";
import { Buttons, LassoWays } from "./buttons.tsx";
import { Card } from "./card.tsx";
import { isUnderWay, Offer, Progress, useProgress } from "./drawing.tsx";
import { followHover, under } from "./hover.ts";
import { ColourBy, Fold } from "./key.tsx";
import { followCamera } from "./looking.ts";
import { followMap, picked, points, trouble } from "./sheet.ts";
import { stage } from "./stage.ts";
import { isByHand, tool } from "./tools.ts";

const AWAY = "The server is away. It is asked again every few seconds.";

export function MapPanel() {
  const map = atlas.value;
  useProgress(map);
  return <section class="map-panel" aria-label="Map">{inside(map)}</section>;
}

function inside(map: MapInfo | null) {
  if (map === null && isAway.value) return <p class="map-waiting" role="alert">{AWAY}</p>;
  if (map === null) return <p class="map-waiting" role="status">Looking for the map</p>;
  if (map.version !== null) return <Drawn map={map} />;
  if (isUnderWay(map.job)) return <Progress job={map.job} />;
  if (map.items === 0) return <p class="map-waiting">This collection is empty. Once it has pictures, a map of them can be drawn.</p>;
  return <Offer map={map} />;
}

function Drawn({ map }: { map: MapInfo }) {
  useEffect(() => {
    const stops = [followMap(), followCamera(), followHover()];
    return () => {
      for (const stop of stops) stop();
    };
  }, []);
  return (
    <>
      <Stage />
      <Card />
      <Buttons />
      <div class="map-side">
        <ColourBy />
        <Fold />
      </div>
      <div class="map-foot">
        <LassoWays />
        <Selected />
        <Remarks map={map} />
      </div>
      {isUnderWay(map.job) && <Progress job={map.job} />}
      {trouble.value !== null && <Failure error={trouble.value} retry={() => void refreshAtlas()} />}
    </>
  );
}

function Stage() {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => stage(element.current!), []);
  const isReady = points.value !== null;
  const kind = tool.value === "lasso" ? "is-lasso" : under.value !== null ? "is-over" : "";
  return (
    <div
      ref={element}
      class={`map-stage ${kind}`}
      tabIndex={0}
      role="application"
      aria-busy={!isReady}
      aria-label={`Map of ${number(points.value?.count ?? 0)} pictures. Arrows move, plus and minus zoom, 0 shows all of it.`}
    />
  );
}

function Selected() {
  const { lasso, clusters, filter } = state.value;
  if (lasso.length + clusters.length + filter.length === 0 || picked.value === null) return null;
  return (
    <p class="map-selected" role="status">
      <strong>{number(picked.value.count)}</strong> selected
      {isSelected.value && <button type="button" onClick={clear}>Clear</button>}
    </p>
  );
}

function Remarks({ map }: { map: MapInfo }) {
  const all = [
    isAway.value ? AWAY : null,
    map.note,
    map.unplaced > 0 ? `${number(map.unplaced)} new pictures are being placed.` : null,
    isByHand.value ? "Drawn without WebGL, which this browser has not: slower with very many pictures." : null,
  ];
  return <>{all.filter(Boolean).map((one) => <p class="map-remark" key={one}>{one}</p>)}</>;
}
