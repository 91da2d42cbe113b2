// What everything is called on the page, and small helpers of its scripts.

// What codes are called on the page: attention, outcomes, reasons, verdicts. A test holds them against the program's own.
export const attentions = {
  ratio_high: "ratio high", ratio_interval: "ratio near threshold", rim_thin: "rim thin", disagreement: "networks disagree",
  low_confidence: "low confidence", disc_shape: "disc shape", disc_size: "disc size", cup_outside_disc: "cup outside disc",
  quality_usable: "quality", eye_conflict: "which eye?", polyp: "polyp", polyp_borderline: "borderline polyp",
  out_of_domain_near: "near out of domain", cup_not_seen: "no cup seen", sidecar: "sidecar", identity_conflict: "whose image?",
  colour_space: "colours", frames_left_out: "frames left out", change: "change",
};
export const outcomes = {
  measured: "measured", no_finding: "no finding", ungradable: "ungradable", out_of_domain: "out of domain", failed: "failed",
};
export const causes = {
  too_small: "too small", too_dark: "too dark", too_bright: "too bright", out_of_focus: "out of focus", low_contrast: "low contrast",
  no_disc: "no disc found", disc_cut: "disc cut off", ambiguous_disc: "more than one disc?", incomplete: "rows missing",
  neither: "neither fundus nor endoscopy", greyscale: "no colours", transparent: "mostly transparent", uncertain: "unclear what it is",
  composite: "several pictures in one", empty: "empty file", not_an_image: "no image", unsupported_format: "format not read",
  truncated: "rest of the file missing", corrupt: "damaged file", too_large: "too large", not_a_regular_file: "no regular file",
  crashed: "reading crashed", timed_out: "reading took too long", out_of_memory: "not enough memory", vanished: "file vanished",
  internal: "fault of the program",
};
export const verdicts = { accept: "✓ accepted", reject: "✕ rejected", correct: "✎ corrected" };
export const reasons = {
  fundus: ["not the disc", "outline of the disc is wrong", "outline of the cup is wrong", "image not fit to measure", "not a fundus photograph"],
  endoscopy: ["not a polyp", "a polyp was missed", "outline is wrong", "image not fit to judge", "not an endoscopy frame"],
  neither: ["is a fundus photograph", "is an endoscopy frame", "image not fit to judge"],
};
// The last decision, where it is about the newest version: made on it, or what made it. On a later version nobody has decided.
export const standing = ({ decisions, seen }) => {
  const last = decisions.at(-1);
  return last && (last.version === seen.version || last.result === seen.version) ? last : null;
};
export const eyes = { right: "right eye", left: "left eye", unknown: "eye not known" };
export const decimal = value => value.toFixed(2);
export const polyps = count => count === 0 ? "no polyp" : count === 1 ? "1 polyp" : `${count} polyps`;
export const signed = value => (value.toFixed(2) < 0 ? "−" : "+") + Math.abs(value).toFixed(2);

export function el(tag, properties = {}, ...children) {
  const { dataset, ...rest } = properties;
  const node = Object.assign(document.createElement(tag), rest);
  Object.assign(node.dataset, dataset);
  node.append(...children.filter(child => child != null));
  return node;
}

// The drawing of the eyes' ratio over the years. Any decision may change it, so that the browser takes none that it has already.
export const plot = path => el("img", { className: "plot", src: `${path}?at=${Date.now()}`, alt: "The eyes' ratio over the years" });

export async function ask(path, body) {
  const response = await fetch(path, body === undefined ? {} : {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  const answer = await response.json().catch(() => ({ error: { message: response.statusText } }));
  if (response.ok) return answer;
  const { message = "Something went wrong", hint } = answer.error ?? {};
  throw Object.assign(new Error(hint ? `${message}. ${hint}.` : `${message}.`), { status: response.status });
}

export function picture(source) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("A picture could not be loaded."));
    image.src = source;
  });
}
