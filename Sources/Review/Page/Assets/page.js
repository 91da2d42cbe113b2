// The review page: work list, one screening, decisions. Talks to /api only; keeps nothing in the browser.
import { Viewer } from "/viewer.js";
import { EllipseTool, MaskTool } from "/drawing.js";

const $ = id => document.getElementById(id);
const state = { rows: [], id: null, detail: null, busy: false, warned: null, canDraw: false };
const viewer = window.papillaViewer = new Viewer($("canvas"), showPlace);   // named, so that the browser test can find pixels

// What codes are called on the page: attention, outcomes, reasons, verdicts. A test holds them against the program's own.
const attentions = {
  ratio_high: "ratio high", ratio_interval: "ratio near threshold", rim_thin: "rim thin", disagreement: "networks disagree",
  low_confidence: "low confidence", disc_shape: "disc shape", disc_size: "disc size", cup_outside_disc: "cup outside disc",
  quality_usable: "quality", eye_conflict: "which eye?", polyp: "polyp", polyp_borderline: "borderline polyp",
  out_of_domain_near: "near out of domain", cup_not_seen: "no cup seen", sidecar: "sidecar", identity_conflict: "whose image?",
  colour_space: "colours", frames_left_out: "frames left out", change: "change",
};
const outcomes = {
  measured: "measured", no_finding: "no finding", ungradable: "ungradable", out_of_domain: "out of domain", failed: "failed",
};
const causes = {
  too_small: "too small", too_dark: "too dark", too_bright: "too bright", out_of_focus: "out of focus", low_contrast: "low contrast",
  no_disc: "no disc found", disc_cut: "disc cut off", ambiguous_disc: "more than one disc?", incomplete: "rows missing",
  neither: "neither fundus nor endoscopy", greyscale: "no colours", transparent: "mostly transparent", uncertain: "unclear what it is",
  composite: "several pictures in one", empty: "empty file", not_an_image: "no image", unsupported_format: "format not read",
  truncated: "rest of the file missing", corrupt: "damaged file", too_large: "too large", not_a_regular_file: "no regular file",
  crashed: "reading crashed", timed_out: "reading took too long", out_of_memory: "not enough memory", vanished: "file vanished",
  internal: "fault of the program",
};
const verdicts = { accept: "✓ accepted", reject: "✕ rejected", correct: "✎ corrected" };
const reasons = {
  fundus: ["not the disc", "outline of the disc is wrong", "outline of the cup is wrong", "image not fit to measure", "not a fundus photograph"],
  endoscopy: ["not a polyp", "a polyp was missed", "outline is wrong", "image not fit to judge", "not an endoscopy frame"],
  neither: ["is a fundus photograph", "is an endoscopy frame", "image not fit to judge"],
};
const decimal = value => value.toFixed(2);
const polyps = count => count === 0 ? "no polyp" : count === 1 ? "1 polyp" : `${count} polyps`;
const signed = value => (value.toFixed(2) < 0 ? "−" : "+") + Math.abs(value).toFixed(2);

// MARK: Small helpers

function el(tag, properties = {}, ...children) {
  const { dataset, ...rest } = properties;
  const node = Object.assign(document.createElement(tag), rest);
  Object.assign(node.dataset, dataset);
  node.append(...children.filter(child => child != null));
  return node;
}

async function ask(path, body) {
  const response = await fetch(path, body === undefined ? {} : {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  const answer = await response.json().catch(() => ({ error: { message: response.statusText } }));
  if (response.ok) return answer;
  const { message = "Something went wrong", hint } = answer.error ?? {};
  throw Object.assign(new Error(hint ? `${message}. ${hint}.` : `${message}.`), { status: response.status });
}

function tell(text, good = false) {
  $("message").textContent = text;
  $("message").className = text ? (good ? "on good" : "on") : "";
}

function picture(source) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("A picture could not be loaded."));
    image.src = source;
  });
}

// MARK: Work list

async function loadList() {
  const query = new URLSearchParams([...new FormData($("filters"))].filter(([, value]) => value));
  state.rows = await ask(`/api/screenings?${query}`);
  $("count").textContent = state.rows.length === 1 ? "1 screening" : `${state.rows.length}${state.rows.length === 500 ? " or more" : ""} screenings`;
  const hadFocus = $("list").contains(document.activeElement);
  $("list").replaceChildren(...state.rows.map(row => el("li", {}, el("button", { dataset: { id: row.id }, onclick: () => mayLeave() && open(row.id) }, ...lines(row)))));
  mark();
  if (hadFocus) $("list").querySelector('[aria-current="true"]')?.focus();
}

function lines(row) {
  const result = row.blind ? "to be drawn first" : row.vcdr != null ? `ratio ${decimal(row.vcdr)}`
    : row.polyps != null ? polyps(row.polyps) : outcomes[row.outcome] ?? "";
  const eye = row.eye === "unknown" ? null : row.eye;
  return [
    el("span", { className: "first" }, el("b", { title: row.file ?? "" }, [row.subject, row.file].filter(Boolean).join(" · ")),
      el("span", { className: "done" }, row.decision ? verdicts[row.decision] : "")),
    el("span", { className: "quiet" }, [result, eye, row.version > 1 ? `version ${row.version}` : null, row.received.slice(0, 10)].filter(Boolean).join(" · ")),
    el("span", { className: row.attention.length ? "look" : "quiet" }, row.attention.length ? [...new Set(row.attention)].map(code => attentions[code] ?? "look at it").join(", ") : causes[row.reason] ?? ""),
  ];
}

// Brings a row of the list up to date with what is known of its screening; it stays where it is, whatever the filters say.
function renew(row, detail) {
  if (!row || !detail) return;
  const { report, decisions } = detail;
  Object.assign(row, {
    decision: decisions.at(-1)?.verdict ?? null, blind: detail.blind,
    outcome: report.outcome, version: report.version, attention: report.attention.map(entry => entry.code),
    vcdr: report.fundus?.cdr?.vertical ?? null, polyps: report.endoscopy?.polyps.length ?? null, reason: report.reasons[0]?.code ?? null,
  });
  $("list").querySelector(`[data-id="${row.id}"]`)?.replaceChildren(...lines(row));
}

function mark() {
  for (const button of $("list").querySelectorAll("button")) button.setAttribute("aria-current", button.dataset.id === state.id);
}

function step(by) {
  const index = state.rows.findIndex(row => row.id === state.id);
  const next = state.rows[Math.min(state.rows.length - 1, Math.max(0, index + by))];
  if (next && next.id !== state.id) open(next.id);
}

// What was drawn and not saved is lost by going elsewhere: the first try only says so.
function mayLeave() {
  if (!viewer.tool?.former.length || state.warned === "leave") return true;
  state.warned = "leave";
  tell("What you drew is not saved: S saves it. The same once more leaves it.");
  return false;
}

// MARK: One screening

// Until result and image are both there, nothing is shown and nothing can be decided: a key that comes early must not decide unseen.
async function open(id, keepsMessage = false) {
  [state.id, state.detail, state.warned] = [id, null, null];
  stopDrawing();
  mark();
  $("list").querySelector('[aria-current="true"]')?.scrollIntoView({ block: "nearest" });
  if (!keepsMessage) tell("");
  try {
    const detail = await ask(`/api/screenings/${id}`);
    const failed = detail.report.outcome === "failed";
    const source = `/api/screenings/${id}/image`;
    let [why, overlay] = ["The image could not be loaded.", null];
    const image = failed ? null : await picture(source).catch(async () => {
      const error = await ask(source).catch(error => error);
      if (error?.status) why = error.message;
      // Removed by age or size: what was published of it is still there to be judged.
      if (error?.status === 404) overlay = await picture(`/api/screenings/${id}/${detail.report.version}/overlay.jpg`).catch(() => null);
      return null;
    });
    if (state.id !== id) return;             // another one was opened meanwhile
    [state.detail, state.canDraw] = [detail, image != null];
    showResult();
    viewer.show(image ?? overlay, image ? detail.report : null);
    if (overlay) tell("The original is not in the archive any more. This is what was published of it.");
    else if (failed) tell("The file could not be read: there is no image to show.");
    else if (!image) tell(why);
    update();
  } catch (error) {
    if (state.id === id) { viewer.show(null, null); $("result").replaceChildren(); tell(error.message); }
  }
}

// Whom it is of: reports of schema 1 say it with the file.
function whose({ subject, source }) {
  const identifier = subject?.identifier ?? source.patient;
  return identifier && `subject ${identifier}${subject?.issuer ? ` of ${subject.issuer}` : ""}`;
}

// When, by what and by whom it was taken, as far as anyone said.
function taking({ taken, device, operator, study, accession, burned_in }) {
  return [
    taken && `taken ${taken.slice(0, 16).replace("T", " ")}`, study && `study ${study}`, accession && `accession ${accession}`, device,
    operator && `by ${operator}`, burned_in && "a person's data are written into the picture",
  ].filter(Boolean).join(" · ");
}

// The frames of a file that holds several; the one that decides is the one that is shown large.
function frameWords(report) {
  return (report.frames ?? []).map(frame => {
    const { fundus, endoscopy } = frame;
    const found = fundus?.cdr ? `ratio ${decimal(fundus.cdr.vertical)}` : endoscopy ? polyps(endoscopy.polyps.length) : outcomes[frame.outcome];
    const name = frame.frame === 1 ? "overlay.jpg" : `overlay-k${String(frame.frame).padStart(2, "0")}.jpg`;
    const picture = report.files.some(file => file.name === name)
      && el("img", { src: `/api/screenings/${report.id}/${report.version}/${name}`, alt: `Frame ${frame.frame}`, loading: "lazy" });
    return [el("p", {}, `${frame.frame}: ${found}`), picture];
  }).flat();
}

function showResult() {
  const { report, decisions, earlier, versions } = state.detail;
  const { fundus, endoscopy, source } = report;
  const { blind, models } = state.detail;
  const list = items => items.length ? el("ul", {}, ...items.map(item => el("li", {}, item))) : null;
  const part = (title, ...children) => children.some(Boolean) ? [el("h3", {}, title), ...children] : [];
  const interval = fundus?.cdr?.interval ?? [];
  const fallback = endoscopy ? polyps(endoscopy.polyps.length) : blind ? "draw first" : outcomes[report.outcome];
  const had = models && (models.vcdr != null ? `ratio ${decimal(models.vcdr)}` : models.polyps != null ? polyps(models.polyps) : outcomes[models.outcome]);
  $("result").replaceChildren(...[
    el("h2", {}, source.name),
    el("p", { className: "quiet" }, [whose(report), source.eye !== "unknown" && `${source.eye} eye`, source.received.slice(0, 16).replace("T", " ")].filter(Boolean).join(" · ")),
    taking(report.examination) && el("p", { className: "quiet" }, taking(report.examination)),
    fundus?.cdr ? el("p", { className: "figure", title: "vertical cup-to-disc ratio" }, decimal(fundus.cdr.vertical)) : el("p", { className: "figure" }, fundus ? "no cup seen" : fallback),
    ...(blind ? blindWords(report.modality?.value) : []),
    fundus?.cdr && el("p", { className: "quiet" }, "vertical cup-to-disc ratio" + (interval.length ? `, 95 % ${decimal(interval[0])} to ${decimal(interval[1])}` : ", drawn by a reader")),
    fundus?.cdr && el("p", { className: "quiet" }, `horizontal ${decimal(fundus.cdr.horizontal)} · area ${decimal(fundus.cdr.area)} · thinnest rim ${decimal(fundus.rim.minimum)} at ${Math.round(fundus.rim.minimum_angle)}°`),
    ...(endoscopy?.polyps ?? []).map((polyp, index) => el("p", { className: "quiet" }, `${index + 1}: ${(100 * polyp.area_fraction).toFixed(1)} % of the picture` + (polyp.confidence == null ? ", drawn by a reader" : `, confidence ${Math.round(100 * polyp.confidence)} %`))),
    ...part("Why", list(report.reasons.map(reason => reason.detail))),
    ...part("Look at", list(report.attention.map(entry => el("span", { className: "look" }, entry.detail.replace(/\.$/, "") + (entry.value != null && entry.threshold != null && entry.code !== "polyp" ? ` (${decimal(entry.value)}, threshold ${decimal(entry.threshold)})` : ""))))),
    ...(had ? [el("h3", {}, "What the models had found"), el("p", {}, had + (fundus?.cdr && models.vcdr != null ? `, yours ${signed(fundus.cdr.vertical - models.vcdr)}` : "")),
      el("img", { src: `/api/screenings/${report.id}/${models.version}/overlay.jpg`, alt: "The models' result" })] : []),
    ...part("Frames", ...frameWords(report)),
    ...part("Earlier, same eye", ...earlier.slice(0, 4).flatMap((result, index) => [
      el("p", {}, `${result.examined.slice(0, 10)}: ${decimal(result.vcdr)}` + (result.change == null ? "" : `, since then ${signed(result.change)}`)),
      result.other_models.length ? el("p", { className: "quiet" }, `by ${result.other_models.join(", ")}: not to be compared`) : null,
      result.change == null ? null : el("p", { className: result.within_error ? "quiet" : "look" }, `${result.within_error ? "within" : "more than"} measurement error (${decimal(result.error.limit)}: ${result.error.source})`),
      index === 0 ? el("img", { src: `/api/screenings/${result.id}/${result.version}/overlay.jpg`, alt: `Result of ${result.examined.slice(0, 10)}` }) : null,
    ])),
    ...(fundus && !blind && report.subject && source.eye !== "unknown" ? [el("h3", {}, "Over the years"),
      el("img", { src: `/api/screenings/${report.id}/history.svg`, alt: "The eyes' ratio over the years" })] : []),
    ...part(versions.length > 1 ? `Decisions (version ${report.version} is shown)` : "Decisions", list(decisions.map(decision => `${decision.reader}, ${decision.at.slice(0, 16).replace("T", " ")}: ${verdicts[decision.verdict].slice(2)}` + (decision.result ? ` (${decision.blind ? "drawn blind, " : ""}version ${decision.result})` : "") + (decision.note ? `: ${decision.note}` : "")))),
    !blind && (report.outcome === "measured" || report.outcome === "no_finding") ? el("p", { className: "quiet" }, report.models.map(model => model.name).join(", ")) : null,
  ].filter(Boolean));
  $("result").scrollTop = 0;
  update();
}

// What a reader is told of an image whose result is kept back.
function blindWords(kind) {
  return [
    el("p", {}, "What the models found is shown when you have drawn: so it is your word, and not theirs, that models are judged by."),
    el("p", {}, kind === "endoscopy" ? "E, then outline every polyp; S saves. Nothing outlined means: no polyp." : "E, then click on the disc and shape disc and cup; S saves."),
    el("p", { className: "quiet" }, "Not fit for that? R rejects it."),
  ];
}

// Which buttons can be used, and what the keys do now. What cannot be seen can be rejected, and neither accepted nor drawn on.
function update() {
  const drawing = viewer.tool != null;
  const some = state.detail != null && !state.busy;
  const failed = state.detail?.report.outcome === "failed";
  $("reject").disabled = !some || drawing;
  $("accept").disabled = !some || drawing || state.detail.blind || !(viewer.image || failed);
  $("correct").disabled = !some || !state.canDraw;
  $("correct").replaceChildren(el("kbd", {}, drawing ? "S" : "E"), drawing ? " save" : state.detail?.blind ? " draw" : " correct");
  const mask = viewer.tool instanceof MaskTool;
  $("keys").textContent = !drawing
    ? "W S or ↑ ↓ list · C contours · F whole or disc · 1 natural size · wheel zoom · drag to move"
    : mask ? "S save · Esc leave · Z undo · 1 2 3 tools · Q W brush size · Enter closes the polygon · wheel zoom · right button moves"
    : "S save · Esc leave · Z undo · 1 disc · 2 cup · 3 no cup · arrows move, + − size (Shift: ten) · drag handles, or the inside";
}

function showPlace(scale, point) {
  $("zoom").textContent = viewer.image ? `${Math.round(scale * 100)} %` : "";
  if (point) $("pixel").textContent = `${Math.floor(point.x)}, ${Math.floor(point.y)}`;
}

// MARK: Deciding

async function decide(verdict, note, outlines) {
  if (!state.detail || state.busy || (verdict === "accept" && $("accept").disabled)) return;
  const { id, detail } = state;
  state.busy = true;
  update();
  try {
    const decided = await ask(`/api/screenings/${id}/decisions`, { verdict, note: note || null, seen: detail.seen, outlines });
    const row = state.rows.find(row => row.id === id);
    detail.decisions.push(decided);
    renew(row, detail);
    if (state.id !== id) {
      // The reader has gone on to another one meanwhile.
    } else if (verdict === "correct") {
      await open(id, true);
      renew(row, state.id === id ? state.detail : null);
      tell(`${decided.blind ? "Drawn blind" : "Corrected"}: version ${decided.result} is published.`, true);
    } else {
      const next = state.rows.slice(state.rows.findIndex(row => row.id === id) + 1).find(row => !row.decision);
      await open(next?.id ?? id, true);
      tell(`${row?.file ?? id}: ${verdicts[verdict].slice(2)}.`, true);
    }
  } catch (error) {
    // Somebody was first: what they decided is shown. What was drawn stays, for another look before saving again.
    const newest = error.status === 409 ? await ask(`/api/screenings/${id}`).catch(() => null) : null;
    if (newest && state.id === id) {
      state.detail = newest;
      if (viewer.tool) viewer.report = newest.report; else viewer.show(viewer.image, state.canDraw ? newest.report : null);
      showResult();
      renew(state.rows.find(row => row.id === id), newest);
    }
    tell(error.message);
  } finally {
    state.busy = false;
    update();
  }
}

function startRejecting() {
  const kind = state.detail.report.modality?.value ?? "neither";
  $("reasons").replaceChildren(...reasons[kind].map((reason, index) => el("button", { type: "button", onclick: () => reject(reason) }, el("kbd", {}, `${index + 1}`), ` ${reason}`)));
  $("reason").value = "";
  $("why").showModal();
  $("reasons").firstChild.focus();
}

function reject(reason) {
  if (!reason.trim()) return $("reason").focus();
  $("why").close();
  decide("reject", reason.trim());
}

$("why").querySelector("form").addEventListener("submit", event => { event.preventDefault(); reject($("reason").value); });
$("stay").addEventListener("click", () => $("why").close());
$("why").addEventListener("keydown", event => {
  const chosen = $("reasons").children[Number(event.key) - 1];
  if (chosen && document.activeElement !== $("reason")) { event.preventDefault(); chosen.click(); }
});

// MARK: Correcting

async function startDrawing(kind) {
  const { detail } = state;
  const { report } = detail;
  if (!state.canDraw) return;
  const seen = report.outcome === "out_of_domain" ? null : report.modality?.value;
  kind ??= ["fundus", "endoscopy"].includes(seen) ? seen : null;
  if (!kind) return askKind();
  const { naturalWidth: width, naturalHeight: height } = viewer.image;
  if (kind === "fundus") {
    const middle = { x: (viewer.canvas.clientWidth / 2 - viewer.x) / viewer.scale, y: (viewer.canvas.clientHeight / 2 - viewer.y) / viewer.scale };
    if (report.fundus) { viewer.whole = false; viewer.fit(); }
    viewer.tool = new EllipseTool(report.fundus, middle, Math.min(width, viewer.canvas.clientWidth / viewer.scale) / 14, drawn);
  } else {
    const former = report.endoscopy ? await picture(`/api/screenings/${report.id}/${report.version}/${report.endoscopy.mask}`) : null;
    if (state.detail !== detail) return;     // another one was opened meanwhile
    viewer.tool = new MaskTool(width, height, former, drawn);
  }
  tell("");
  const choices = viewer.tool.choices.map(([name, words], index) => el("button", { dataset: { name }, onclick: () => choose(index) }, el("kbd", {}, `${index + 1}`), ` ${words}`));
  $("tools").replaceChildren(...choices, el("button", { onclick: undo }, el("kbd", {}, "Z"), " undo"), el("output", { id: "live" }), el("button", { onclick: leave }, el("kbd", {}, "Esc"), " leave"));
  $("tools").hidden = false;
  $("canvas").focus();
  drawn();
  update();
}

// What the networks took for neither can still be either.
function askKind() {
  $("tools").replaceChildren("Draw", el("button", { onclick: () => startDrawing("fundus") }, "disc and cup"), el("button", { onclick: () => startDrawing("endoscopy") }, "polyps"), el("button", { onclick: leave }, el("kbd", {}, "Esc"), " leave"));
  $("tools").hidden = false;
  $("tools").querySelector("button").focus();
}

function stopDrawing() {
  viewer.tool = null;
  $("tools").hidden = true;
  viewer.draw();
  update();
}

function leave() {
  if (!mayLeave()) return;
  tell("");
  stopDrawing();
  $("canvas").focus();
}
function undo() { viewer.tool?.undo(); }
function choose(index) {
  const choice = viewer.tool?.choices[index];
  if (choice) { viewer.tool.choose(choice[0]); drawn(); }
}

// After every change of what is drawn: the tools, the figure, the picture.
function drawn() {
  const tool = viewer.tool;
  if (!tool) return;
  state.warned = null;
  for (const button of $("tools").querySelectorAll("[data-name]")) button.setAttribute("aria-pressed", button.dataset.name === tool.active);
  const before = state.detail.report.fundus?.cdr?.vertical;
  const live = $("live");
  if (live && tool instanceof EllipseTool) {
    const ratio = tool.ratio();
    if (tool.isCupless) live.textContent = "no cup";
    else live.textContent = before == null ? `ratio ${decimal(ratio)}` : `ratio ${decimal(ratio)} (${signed(ratio - before)})`;
  } else if (live && !tool.last) {
    live.textContent = `${(100 * tool.area()).toFixed(1)} % of the image · brush ${Math.round(tool.radius)} px`;
  }
  viewer.draw();
}

function save() {
  const { tool } = viewer;
  const missing = tool.missing();
  if (missing.length) return tell(`The ${missing.join(" and the ")} ${missing.length > 1 ? "are" : "is"} not drawn yet: ${missing[0] === "disc" ? "click on the disc, then shape it" : "press 2 and shape the cup, or 3 if none is seen"}.`);
  if (!tool.isChanged()) return tell("Nothing was changed yet. If the outlines are right, leave (Esc) and accept (A).");
  if (tool.isEmpty() && state.warned !== "empty") {
    state.warned = "empty";
    return tell("Nothing is outlined. S once more says: there is no polyp.");
  }
  decide("correct", null, tool.outlines());
}

// MARK: Keys and buttons

$("accept").addEventListener("click", () => decide("accept"));
$("reject").addEventListener("click", startRejecting);
$("correct").addEventListener("click", () => viewer.tool ? save() : startDrawing());

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("why").open || event.target.matches("input, select")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const onButton = event.target.matches("button") && (key === "Enter" || key === " ");
  if (onButton || state.busy) return;
  if (key === "Escape" && !$("tools").hidden) { event.preventDefault(); return leave(); }
  const action = viewer.tool ? drawingKeys(key, event.shiftKey) : readingKeys[key];
  if (!action) return;
  event.preventDefault();
  if (typeof action === "function") action();
});

const readingKeys = {
  a: () => decide("accept"), r: () => state.detail && startRejecting(), e: () => state.detail && startDrawing(),
  s: () => step(1), w: () => step(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1),
  c: () => { viewer.contours = !viewer.contours; viewer.draw(); },
  f: () => { viewer.whole = !viewer.whole; viewer.fit(); },
  1: () => viewer.zoom(1 / viewer.scale), "+": () => viewer.zoom(1.25), "-": () => viewer.zoom(0.8),
};

function drawingKeys(key, shift) {
  if (key === "s") return save;
  if (key === "z") return undo;
  if (viewer.tool.choices[Number(key) - 1]) return () => choose(Number(key) - 1);
  return viewer.tool.key(key, shift);
}

// MARK: Start

const attention = $("filters").elements.attention;
attention.append(...attention.dataset.codes.split(" ").map(code => el("option", { value: code }, attentions[code] ?? code)));
window.addEventListener("beforeunload", event => { if (viewer.tool?.former.length) event.preventDefault(); });
$("filters").addEventListener("change", () => loadList().catch(error => tell(error.message)));
$("filters").addEventListener("submit", event => event.preventDefault());
// What arrives meanwhile appears at its place; nothing happens to what is being read.
setInterval(() => { if (!viewer.tool && !state.busy && !$("why").open && !document.hidden) loadList().catch(() => {}); }, 30000);
loadList().then(() => { if (state.rows.length) open(state.rows[0].id); else tell("Nothing to look at with these filters."); }).catch(error => tell(error.message));
update();
