// Colours of the maps, from dark to light, 16 stops each as RRGGBB (matplotlib's tables, CC0): their
// upper two fifths, which are seen on any grey where a map is low and so nearly clear.

export const COLOURS = {
  Inferno:
    "dd513ae45a31eb6429f06f20f47918f8850ffa9207fc9f07fcac11fbba1ffac62df7d340f4e156f1ed71f4f88efcffa4",
  Viridis:
    "22a88428ae8031b57b3bbb7546c06f54c56863cb5f73d05684d44b95d840a5db36b8de29cae11fdde318efe51cfde725",
  Plasma:
    "e16462e66c5ceb7556ef7e50f3854bf68f44f9983efba238fdac33feb72dfec029fdcb26fbd724f7e225f3ee27f0f921",
};

// The colour of a share in 0 to 1, as red, green and blue in 0 to 255.
export function colourAt(stops, share) {
  const last = stops.length / 6 - 1;
  const at = Math.min(Math.max(share, 0), 1) * last;
  const low = Math.min(Math.floor(at), last - 1);
  const part = (stop, channel) => parseInt(stops.substr(6 * stop + 2 * channel, 2), 16);
  return [0, 1, 2].map((channel) => (
    Math.round(part(low, channel) + (at - low) * (part(low + 1, channel) - part(low, channel)))
  ));
}

// The colours of a map from low to high, as clear as it lies over the picture, for a key.
export function keyStops(stops, opacity) {
  return [0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1].map((share) => (
    `rgb(${colourAt(stops, share).join(" ")} / ${(opacity * Math.sqrt(share)).toFixed(3)}) ${100 * share}%`
  ));
}
