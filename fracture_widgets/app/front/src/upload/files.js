// What was chosen or dropped: the files in it, in one order, and whether they may be radiographs.

// The rule of imaging/walk.py; the kernel looks into a ZIP.
const RADIOGRAPH_NAME = /\.(png|jpe?g|jpe|jfif|jp2|j2k|tiff?|bmp|webp|dcm|dicom|zip)$/i;
const HIDDEN = /^(\..*|__MACOSX|Thumbs\.db|desktop\.ini|DICOMDIR)$/i; // the last: a disc's index
const HEAD = 132; // bytes: a DICOM file says DICM after 128 of anything
const MOST_SEEN = 20; // times as many files as are taken: no walk through a whole disk
const byName = new Intl.Collator("en", { numeric: true }).compare;

// Must run within the drop event: what is dropped is gone after it.
export function droppedEntries(transfer) {
  const entries = [...transfer.items].filter((item) => item.kind === "file")
    .map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile()).filter(Boolean);
  return entries.length > 1 ? entries.filter(({ name }) => !HIDDEN.test(name)) : entries;
}

async function* filesIn(entry) {
  if (entry instanceof File) { yield entry; return; }
  if (entry.isFile) {
    try {
      yield await new Promise((resolve, reject) => entry.file(resolve, reject));
    } catch {
      yield { name: entry.name, gone: true };
    }
    return;
  }
  const reader = entry.createReader();
  const within = [];
  for (let more = [null]; more.length;) { // a call gives 100 of them at most
    try {
      more = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    } catch {
      yield { name: entry.name, gone: true };
      more = [];
    }
    within.push(...more.filter((one) => !HIDDEN.test(one.name)));
  }
  within.sort((one, other) => byName(one.name, other.name));
  for (const one of within) yield* filesIn(one);
}

// The files of a folder chosen by button, as a drop of the folder would give them.
export function visibleInOrder(files) {
  const path = (file) => file.webkitRelativePath.split("/");
  const compare = (one, other) => {
    const [first, second] = [path(one), path(other)];
    const at = first.findIndex((part, index) => part !== second[index]);
    return at < 0 ? 0 : byName(first[at], second[at] ?? "");
  };
  return [...files].filter((file) => !path(file).slice(1).some((part) => HIDDEN.test(part)))
    .sort(compare);
}

// Name and content both must say no: what a file named .png is instead, the kernel says.
async function maybeRadiograph(file) {
  if (RADIOGRAPH_NAME.test(file.name)) return true;
  let head;
  try {
    head = new Uint8Array(await file.slice(0, HEAD).arrayBuffer());
  } catch {
    return true; // said when it is sent
  }
  const says = (text, at = 0) => [...text].every((letter, index) => head[at + index] === letter.charCodeAt(0));
  const oldDicom = (head[0] === 2 || head[0] === 8) && head[1] === 0 && head[3] <= 0x20;
  return says("DICM", 128) || oldDicom || says("\x89PNG") || says("\xff\xd8\xff") || says("II*\0") || says("MM\0*")
    || says("II+\0") || says("MM\0+") || (says("BM") && says("\0\0\0\0", 6))
    || (says("RIFF") && says("WEBP", 8)) || says("\0\0\0\x0cjP  ") || says("\xff\x4f\xff\x51");
}

// Sorts out what was chosen. `leftOut(reason, names)` hears of what is not sent.
export async function survey(entries, { maxBytes, maxFiles, leftOut, looked, stopped }) {
  const files = [];
  const out = { kind: [], size: [], changed: [] };
  let seen = 0;
  for (const entry of entries) {
    for await (const file of filesIn(entry)) {
      seen += 1;
      if (stopped()) return [];
      if (seen % 50 === 0) looked(seen);
      if (file.gone) out.changed.push(file.name);
      else if (!await maybeRadiograph(file)) out.kind.push(file.name);
      else if (file.size > maxBytes) out.size.push(file.name);
      else files.push(file);
      if (files.length > maxFiles || seen > MOST_SEEN * maxFiles) {
        leftOut(files.length > maxFiles ? "count" : "disk", []);
        return [];
      }
    }
  }
  for (const [reason, names] of Object.entries(out)) if (names.length) leftOut(reason, names);
  if (!seen) leftOut("nothing", []);
  return files;
}
