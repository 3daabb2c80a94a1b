// What the server's answers look like, as docs/guide/http.md tells. Does not know how they are asked for.

export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };
export type Metadata = Record<string, Json>;

export interface Collection {
  name: string;
  items: number;
  model: string;
  dim: number;
  fingerprint: string;
  created_at: number;
  store: {
    name: string;
    address: string;
    lag: number;
    trouble: string | null;
    index: { kind: string; covered: number; recall: number | null } | null;
  };
  sources: { name: string; address: string; items: number }[];
  map?: MapSummary | null;
}

export interface MapSummary {
  id: number;
  algorithm: string;
  points: number;
  clusters: number;
  outliers: number;
  trustworthiness: number | null;
  made_at: number;
}

export interface Item {
  id: string;
  uri: string;
  sha256: string;
  size_bytes: number;
  metadata: Metadata;
  source: string | null;
}

export interface Hit {
  id: string;
  score: number;
  weak: boolean;
  uri: string;
  metadata: Metadata;
  thumbnail: string;
  met: number | null;
}

export interface Found {
  collection: string;
  hits: Hit[];
  considered: number | null;
  lag: number;
  notes: string[];
  took_ms: number;
}

export type JobState = "planning" | "running" | "paused" | "done" | "failed" | "cancelled";

export interface Job {
  id: number;
  kind: string;
  collection: string;
  state: JobState;
  scan: Record<string, number> | null;
  stage?: string | null;
  reason: string | null;
  message: string | null;
  total: number;
  done: number;
  failed: number;
  computed: number;
  per_second: number | null;
  eta_s: number | null;
  created_at: number;
  finished_at: number | null;
  source: string | null;
}

export interface Failure {
  id: string;
  uri: string;
  code: string;
  message: string;
  attempts: number;
}

// The map, as GET /v1/collections/{c}/map tells.

export interface MapField {
  name: string;
  kind: "categorical" | "number";
  values: number;
}

export interface MapCluster {
  number: number;
  name: string;
  named_by: "vocabulary" | "metadata" | "number";
  size: number;
  representatives: { id: string; uri: string; thumbnail: string }[];
}

export interface MapInfo {
  state: "none" | "drawing" | "ready";
  job: Job | null;
  id: number | null;
  version: string | null;
  algorithm: string | null;
  note: string | null;
  made_at: number | null;
  items: number;
  points: number;
  unplaced: number;
  landmarks: number;
  trustworthiness: number | null;
  graph_recall: number | null;
  outliers: { id: string; thumbnail: string }[];
  extent: [number, number, number, number] | null;
  clusters: MapCluster[];
  fields: MapField[];
  geometry: string | null;
}

export interface MapItem {
  row: number;
  id: string;
  uri: string;
  metadata: Metadata;
  thumbnail: string;
  x: number;
  y: number;
  cluster: number;
}

/** Which part of a map is meant: as in map/select, and as `within` of a search and of an export. */
export interface Stroke {
  op: "add" | "subtract";
  polygon: [number, number][];
}

export interface Within {
  lasso?: Stroke[];
  clusters?: number[];
}

export interface Group {
  keeper: Item;
  copies: (Item & { score: number; exact: boolean })[];
}

export interface Duplicates {
  groups: Group[];
  total_groups: number;
  total_copies: number;
  next_offset: number | null;
}
