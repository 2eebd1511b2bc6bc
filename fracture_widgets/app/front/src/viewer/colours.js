// Colours of the maps, from dark to light, 16 stops each as RRGGBB (matplotlib's tables, CC0).

export const COLOURS = {
  Inferno:
    "420a6857106e6d186e84206b982766ae305cc33b4fd44842e45a31f06f20f8850ffc9f07fbba1ff7d340f1ed71fcffa4",
  Viridis:
    "4824754537813e4989375a8c306a8e2a788e24868e1f958b20a3862cb17e44bf7063cb5f86d549b0dd2fd8e219fde725",
  Plasma:
    "2a059348039f6100a77a02a8910ea3a62098ba3388ca457ad8576be56a5def7e50f89441fdab33fdc328f9dd25f0f921",
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
