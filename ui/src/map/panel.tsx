// The map of a collection. Does not know the grid beside it: they share the state, `results` and `pointed`.

export function MapPanel() {
  return <div class="map-panel" />;
}
