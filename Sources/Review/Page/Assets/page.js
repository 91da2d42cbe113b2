// The review page: work list, a visit, one screening, decisions. Talks to /api only; keeps nothing in the browser.
import { Viewer } from "/viewer.js";
import { EllipseTool, MaskTool } from "/drawing.js";
import { VisitView, loadVisit } from "/visit.js";
import { ask, attentions, causes, decimal, el, eyes, outcomes, picture, plot, polyps, reasons, signed, standing, verdicts } from "/words.js";

const $ = id => document.getElementById(id);
// The list's lines are visits and screenings; line is the open one, which need not be in the list any more. Of an open visit, visit is what was loaded of it, and id one of
// its screenings where that is open, too.
const state = { byVisit: true, lines: [], line: null, visit: null, id: null, detail: null, busy: false, warned: null, canDraw: false };
const viewer = window.papillaViewer = new Viewer($("canvas"), showPlace);   // named, so that the browser test can find pixels
const visitView = new VisitView($("visit"), id => id ? openImage(id) : update());

function tell(text, good = false) {
  $("message").textContent = text;
  $("message").className = text ? (good ? "on good" : "on") : "";
}

// MARK: Work list

async function loadList() {
  const filters = new FormData($("filters"));
  if (state.byVisit) filters.delete("outcome");
  const query = new URLSearchParams([...filters].filter(([, value]) => value));
  const asked = state.byVisit;
  const rows = await ask(`/api/${asked ? "work" : "screenings"}?${query}`);
  if (asked !== state.byVisit) return;
  state.lines = asked ? rows.map(({ visit, arrival }) => ({ id: (visit ?? arrival).id, visit, row: arrival })) : rows.map(row => ({ id: row.id, row }));
  state.line = state.lines.find(line => line.id === state.line?.id) ?? state.line;
  $("count").textContent = counted();
  const hadFocus = $("list").contains(document.activeElement);
  $("list").replaceChildren(...state.lines.map(line => el("li", {}, el("button", { dataset: { id: line.id }, onclick: () => mayLeave() && open(line) }, ...lines(line)))));
  mark();
  if (hadFocus) $("list").querySelector('[aria-current="true"]')?.focus();
}

function counted() {
  const few = (count, one, many) => count === 1 ? `1 ${one}` : `${count} ${many}`;
  const more = state.lines.length === 500 ? " or more" : "";
  if (!state.byVisit) return few(state.lines.length, "screening", "screenings") + more;
  const visits = state.lines.filter(line => line.visit).length;
  const lone = state.lines.length - visits;
  return few(visits, "visit", "visits") + (lone ? ` and ${few(lone, "image in none", "images in none")}` : "") + more;
}

const lines = line => line.visit ? visitLines(line.visit) : rowLines(line.row);

function visitLines(visit) {
  const worst = [...visit.eyes].sort((a, b) => (b.eye === visit.worst) - (a.eye === visit.worst));
  const results = worst.map(({ eye, ratio }) => `${eye === "right" ? "R" : "L"} ${ratio ? decimal(ratio.value) : "–"}`);
  if (visit.endoscopy) results.push(`${visit.endoscopy.with_polyps} of ${visit.endoscopy.frames} frames with polyps`);
  if (visit.blind) results.push(visit.blind === 1 ? "1 to be drawn first" : `${visit.blind} to be drawn first`);
  const decided = visit.counting - visit.undecided;
  const done = visit.undecided ? decided ? `${decided} of ${visit.counting}` : "" : visit.counting ? "✓ decided" : visit.rejected ? "✕ rejected" : "";
  return [
    el("span", { className: "first" }, el("b", { title: visit.subject.issuer ?? "" }, visit.subject.identifier), el("span", { className: "done" }, done)),
    el("span", { className: "quiet" }, [visit.day, ...results, visit.eyes.length || !visit.endoscopy ? `${visit.images} image${visit.images === 1 ? "" : "s"}` : null].filter(Boolean).join(" · ")),
    el("span", { className: visit.attention.length ? "look" : "quiet" }, (visit.worst && visit.attention.length ? `${eyes[visit.worst]} first: ` : "") + visit.attention.map(code => attentions[code] ?? "look at it").join(", ")),
  ];
}

function rowLines(row) {
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

// Brings a line of the list up to date with what is known of its visit or screening; it stays where it is, whatever the filters say.
function renew(line) { if (line) $("list").querySelector(`[data-id="${line.id}"]`)?.replaceChildren(...lines(line)); }

function renewRow(line, detail) {
  if (!line?.row || !detail) return;
  const { report } = detail;
  Object.assign(line.row, {
    decision: standing(detail)?.verdict ?? null, blind: detail.blind,
    outcome: report.outcome, version: report.version, eye: report.source.eye, attention: report.attention.map(entry => entry.code),
    vcdr: report.fundus?.cdr?.vertical ?? null, polyps: report.endoscopy?.polyps.length ?? null, reason: report.reasons[0]?.code ?? null,
  });
  renew(line);
}

const isOpen = line => line.visit ? line.visit.undecided > 0 : !line.row.decision;

function mark() {
  for (const button of $("list").querySelectorAll("button")) button.setAttribute("aria-current", button.dataset.id === state.line?.id);
}

function step(by) {
  const index = state.lines.findIndex(line => line.id === state.line?.id);
  const next = state.lines[Math.min(state.lines.length - 1, Math.max(0, index + by))];
  if (next && next.id !== state.line?.id) open(next);
}

// Visits or arrivals: the other list, from its beginning.
async function switchList() {
  state.byVisit = !state.byVisit;
  $("filters").elements.outcome.hidden = state.byVisit;
  $("unit").textContent = state.byVisit ? "visits" : "arrivals";
  [state.lines, state.line, state.visit] = [[], null, null];
  await loadList();
  begin();
}

function begin() {
  if (state.lines.length) return open(state.lines[0]);
  showNothing();
  tell("Nothing to look at with these filters.");
}

function showNothing() {
  [state.id, state.detail, state.visit, state.line] = [null, null, null, null];
  $("visit").hidden = true;
  viewer.show(null, null);
  $("result").replaceChildren();
  update();
}

// What was drawn and not saved is lost by going elsewhere: the first try only says so.
function mayLeave() {
  if (!viewer.tool?.former.length || state.warned === "leave") return true;
  state.warned = "leave";
  tell("What you drew is not saved: S saves it. The same once more leaves it.");
  return false;
}

// MARK: A visit

function open(line, keepsMessage = false) {
  state.line = line;
  mark();
  $("list").querySelector('[aria-current="true"]')?.scrollIntoView({ block: "nearest" });
  if (line.visit) return openVisit(line.id, keepsMessage);
  state.visit = null;
  return openImage(line.id, keepsMessage);
}

// Until all that counts is there, nothing is shown and nothing can be decided.
async function openVisit(id, keepsMessage = false) {
  [state.visit, state.id, state.detail, state.warned] = [null, null, null, null];
  stopDrawing();
  if (!keepsMessage) tell("");
  try {
    const visit = await loadVisit(id);
    if (state.line?.id !== id || state.id) return;     // another one was opened meanwhile
    state.visit = visit;
    note(visit.detail);
    viewer.show(null, null);
    $("visit").hidden = false;
    visitView.show(visit);
    showSummary();
  } catch (error) {
    if (state.line?.id === id && !state.id) { showNothing(); tell(error.message); }
  }
}

// What is known of the open visit, in the list, too.
function note(detail) {
  const { id } = detail.line;
  const line = state.lines.find(line => line.id === id) ?? (state.line?.id === id ? state.line : null);
  if (line?.visit) line.visit = detail.line;
  renew(line);
  return line;
}

function showSummary() {
  const { line, visit } = state.visit.detail;
  const changed = visit.eyes.filter(eye => eye.changes.some(change => change.verdict === "change"));
  $("result").replaceChildren(...[
    el("h2", {}, line.subject.identifier),
    el("p", { className: "quiet" }, [line.subject.issuer && `of ${line.subject.issuer}`, line.day, visit.study && `study ${visit.study}`].filter(Boolean).join(" · ")),
    ...changed.map(eye => el("p", { className: "look" }, `the ${eyes[eye.eye]} has changed`)),
    el("h3", {}, "To decide on"),
    el("ul", { className: "cards" }, ...visitView.cards.filter(card => card.counts).map(card => el("li", {}, el("button", { onclick: () => visitView.choose(visitView.cards.indexOf(card)) },
      el("span", {}, card.words), el("span", { className: "quiet" }, card.blind ? "draw first" : verdicts[standing(state.visit.detail.counting.find(image => image.id === card.id))?.verdict] ?? "–"))))),
    line.rejected ? el("p", { className: "quiet" }, `${line.rejected} of ${line.images} images rejected`) : null,
    el("p", { className: "quiet" }, `published: ${line.folder}`),
  ].filter(Boolean));
  $("result").scrollTop = 0;
  update();
}

// Back from one of its screenings to the visit.
function backToVisit() { if (state.line?.visit && mayLeave()) openVisit(state.line.id); }

const isVisitShown = () => state.visit != null && state.id == null;

// Says of every image that counts that it is right, one after the other; what somebody decided meanwhile stops it. What was not on the screen
// yet is shown first.
async function acceptVisit() {
  const { visit } = state;
  const due = visitView.cards.filter(card => card.counts && !card.decided && !card.blind);
  if (!due.length) return;
  if (visitView.unseen.length) {
    const count = visitView.unseen.length;
    visitView.showMore();
    return tell(`${count} more to look at: A again goes on.`);
  }
  await deciding(async () => {
    let done = 0;
    try {
      for (const { id } of due) {
        const { seen } = visit.detail.counting.find(image => image.id === id);
        await ask(`/api/screenings/${id}/decisions`, { verdict: "accept", note: null, seen });
        done += 1;
      }
    } catch (error) {
      await goOn(done ? `${done} of ${due.length} accepted. ${error.message}` : error.message, false, true);
      return;
    }
    await goOn(`${visit.detail.line.subject.identifier}, ${visit.detail.line.day}: ${done} accepted.`, true);
  });
}

// After a decision on an image of the open visit: the next line, where nothing of this one waits for a word.
async function goOn(message, good, stays = false) {
  const { id } = state.line;
  const detail = await ask(`/api/visits/${id}`).catch(() => null);
  const line = detail && note(detail);
  if (state.line?.id !== id) return tell(message, good);      // the reader has gone on meanwhile
  const next = !stays && line && !isOpen(line) ? state.lines.slice(state.lines.indexOf(line) + 1).find(isOpen) : null;
  await open(next ?? state.line, true);
  tell(message, good);
}

async function deciding(body) {
  if (state.busy) return;
  state.busy = true;
  update();
  try { await body(); } finally {
    state.busy = false;
    update();
  }
}

// MARK: One screening

// Until result and image are both there, nothing is shown and nothing can be decided: a key that comes early must not decide unseen.
async function openImage(id, keepsMessage = false) {
  [state.id, state.detail, state.warned] = [id, null, null];
  stopDrawing();
  $("visit").hidden = true;
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
      if (error?.status === 404) overlay = await picture(`/api/screenings/${id}/${detail.report.version}/overlay`).catch(() => null);
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

// What somebody decided, and on which version where that is not the one that is shown.
function decisionWords(decision) {
  const made = decision.result ? ` (${decision.blind ? "drawn blind, " : ""}version ${decision.result})` : decision.version !== state.detail.report.version ? ` on version ${decision.version}` : "";
  return `${decision.reader}, ${decision.at.slice(0, 16).replace("T", " ")}: ${verdicts[decision.verdict].slice(2)}${made}${decision.note ? `: ${decision.note}` : ""}`;
}

// Words and small controls of a line.
function joined(...parts) { return parts.filter(Boolean).flatMap((part, index) => index ? [" · ", part] : [part]); }

const canSide = () => state.detail != null && !state.detail.blind && state.canDraw && !viewer.tool
  && state.detail.report.modality?.value === "fundus" && state.detail.report.outcome !== "out_of_domain";

// Which eye it is, to be corrected where it is called wrong; null where nothing can be said of it here.
function eyeControl() {
  return canSide() ? el("button", { id: "side", title: "Which eye is it?", onclick: startSiding }, el("kbd", {}, "X"), ` ${eyes[state.detail.report.source.eye]}`) : null;
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
    el("p", { className: "quiet" }, ...joined(whose(report), eyeControl() ?? (source.eye !== "unknown" && eyes[source.eye]), source.received.slice(0, 16).replace("T", " "))),
    taking(report.examination) && el("p", { className: "quiet" }, taking(report.examination)),
    fundus?.cdr ? el("p", { className: "figure", title: "vertical cup-to-disc ratio" }, decimal(fundus.cdr.vertical)) : el("p", { className: "figure" }, fundus ? "no cup seen" : fallback),
    ...(blind ? blindWords(report.modality?.value) : []),
    fundus?.cdr && el("p", { className: "quiet" }, "vertical cup-to-disc ratio" + (interval.length ? `, 95 % ${decimal(interval[0])} to ${decimal(interval[1])}` : ", drawn by a reader")),
    fundus?.cdr && el("p", { className: "quiet" }, `horizontal ${decimal(fundus.cdr.horizontal)} · area ${decimal(fundus.cdr.area)} · thinnest rim ${decimal(fundus.rim.minimum)} at ${Math.round(fundus.rim.minimum_angle)}°`),
    ...(endoscopy?.polyps ?? []).map((polyp, index) => el("p", { className: "quiet" }, `${index + 1}: ${(100 * polyp.area_fraction).toFixed(1)} % of the picture` + (polyp.confidence == null ? ", drawn by a reader" : `, confidence ${Math.round(100 * polyp.confidence)} %`))),
    ...part("Why", list(report.reasons.map(reason => reason.detail))),
    ...part("Look at", list(report.attention.map(entry => el("span", { className: "look" }, entry.detail.replace(/\.$/, "") + (entry.value != null && entry.threshold != null && entry.code !== "polyp" ? ` (${decimal(entry.value)}, threshold ${decimal(entry.threshold)})` : ""))))),
    ...(had ? [el("h3", {}, "What the models had found"), el("p", {}, had + (fundus?.cdr && models.vcdr != null ? `, yours ${signed(fundus.cdr.vertical - models.vcdr)}` : "")),
      el("img", { src: `/api/screenings/${report.id}/${models.version}/overlay`, alt: "The models' result" })] : []),
    ...part("Frames", ...frameWords(report)),
    ...part("Earlier, same eye", ...earlier.slice(0, 4).flatMap((result, index) => [
      el("p", {}, `${result.day}: ${decimal(result.vcdr)}` + (result.change == null ? "" : `, since then ${signed(result.change)}`)),
      result.other_models.length ? el("p", { className: "quiet" }, `by ${result.other_models.join(", ")}: not to be compared`) : null,
      result.change == null ? null : el("p", { className: result.within_error ? "quiet" : "look" }, `${result.within_error ? "within" : "more than"} measurement error (${decimal(result.error.limit)}: ${result.error.source})`),
      index === 0 ? el("img", { src: `/api/screenings/${result.id}/${result.version}/overlay`, alt: `Result of ${result.day}` }) : null,
    ])),
    ...(fundus && !blind && report.subject && source.eye !== "unknown" ? [el("h3", {}, "Over the years"),
      plot(`/api/screenings/${report.id}/history.svg`)] : []),
    ...part(versions.length > 1 ? `Decisions (version ${report.version} is shown)` : "Decisions", list(decisions.map(decisionWords)),
      decisions.length && !standing(state.detail) ? el("p", { className: "look" }, `nobody has decided on version ${report.version}`) : null),
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
  if (isVisitShown()) return updateVisit();
  const drawing = viewer.tool != null;
  const some = state.detail != null && !state.busy;
  const failed = state.detail?.report.outcome === "failed";
  $("reject").disabled = !some || drawing;
  $("accept").disabled = !some || drawing || state.detail.blind || !(viewer.image || failed);
  $("correct").disabled = !some || !state.canDraw;
  label("accept", "A", "accept");
  label("reject", "R", "reject …");
  label("correct", drawing ? "S" : "E", drawing ? "save" : state.detail?.blind ? "draw" : "correct");
  const mask = viewer.tool instanceof MaskTool;
  const list = `W S or ↑ ↓ list · V ${state.byVisit ? "arrivals" : "visits"}`;
  $("keys").textContent = !drawing
    ? `${state.visit ? "Q or Esc back to the visit · ← → its images · " : ""}${list} · ${canSide() ? "X which eye · " : ""}C contours · F whole or disc · 1 natural size · wheel zoom · drag to move`
    : mask ? "S save · Esc leave · Z undo · 1 2 3 tools · Q W brush size · Enter closes the polygon · wheel zoom · right button moves"
    : "S save · Esc leave · Z undo · 1 disc · 2 cup · 3 no cup · arrows move, + − size (Shift: ten) · drag handles, or the inside";
}

function updateVisit() {
  const { card, cards } = visitView;
  const due = cards.filter(card => card.counts && !card.decided && !card.blind);
  const blocked = due.some(card => card.eye && !card.seen);
  $("accept").disabled = state.busy || !due.length || blocked;
  $("reject").disabled = $("correct").disabled = state.busy || !card;
  label("accept", "A", due.length > 1 ? `accept ${due.length}` : "accept");
  label("reject", "R", `reject ${card?.words ?? ""} …`);
  label("correct", "E", `${card?.blind ? "draw" : "correct"} ${card?.words ?? ""}`);
  $("keys").textContent = "← → or D chooses · Enter opens · W S or ↑ ↓ list · V arrivals · C contours · F whole or disc · H history · wheel zoom";
}

function label(id, key, words) { $(id).replaceChildren(el("kbd", {}, key), ` ${words}`); }

function showPlace(scale, point) {
  $("zoom").textContent = viewer.image ? `${Math.round(scale * 100)} %` : "";
  if (point) $("pixel").textContent = `${Math.floor(point.x)}, ${Math.floor(point.y)}`;
}

// MARK: Deciding

async function decide(verdict, note, outlines, eye) {
  if (!state.detail || state.busy || (verdict === "accept" && $("accept").disabled)) return;
  const { id, detail, line } = state;
  await deciding(async () => {
    try {
      const decided = await ask(`/api/screenings/${id}/decisions`, { verdict, note: note || null, seen: detail.seen, outlines, eye });
      detail.decisions.push(decided);
      renewRow(line, detail);
      const words = verdict === "correct" ? `${decided.blind ? "Drawn blind" : "Corrected"}: version ${decided.result} is published.` : `${detail.report.source.name}: ${verdicts[verdict].slice(2)}.`;
      if (state.id !== id) {
        // The reader has gone on to another one meanwhile.
        if (line?.visit) renewVisit(line);
      } else if (verdict === "correct") {
        await openImage(id, true);
        renewRow(line, state.id === id ? state.detail : null);
        if (line?.visit) renewVisit(line);
        tell(words, true);
      } else if (line?.visit) {
        await goOn(words, true);
      } else {
        const next = state.lines.slice(state.lines.indexOf(line) + 1).find(isOpen);
        await open(next ?? line, true);
        tell(words, true);
      }
    } catch (error) {
      // Somebody was first: what they decided is shown. What was drawn stays, for another look before saving again.
      const newest = error.status === 409 ? await ask(`/api/screenings/${id}`).catch(() => null) : null;
      if (newest && state.id === id) {
        state.detail = newest;
        if (viewer.tool) viewer.report = newest.report; else viewer.show(viewer.image, state.canDraw ? newest.report : null);
        showResult();
        renewRow(line, newest);
      }
      tell(error.message);
    }
  });
}

async function renewVisit(line) {
  const detail = await ask(`/api/visits/${line.id}`).catch(() => null);
  if (detail) note(detail);
}

// Rejects what is chosen on the visit's page, as it was shown there.
async function rejectChosen(id, reason) {
  const { detail } = state.visit;
  const counting = detail.counting.find(image => image.id === id);
  const words = visitView.cards.find(card => card.id === id)?.words ?? "1 image";
  await deciding(async () => {
    try {
      const seen = counting?.seen ?? (await ask(`/api/screenings/${id}`)).seen;
      await ask(`/api/screenings/${id}/decisions`, { verdict: "reject", note: reason, seen });
    } catch (error) {
      return goOn(error.message, false, true);
    }
    await goOn(`${detail.line.subject.identifier}, ${words}: rejected.`, true);
  });
}

function startRejecting() {
  const visit = isVisitShown() && state.visit.detail.visit;
  if (visit && !visitView.card) return;
  const id = visit ? visitView.card.id : null;
  const isFrame = visit && [...visit.endoscopy?.with_polyps ?? [], ...visit.endoscopy?.without ?? []].some(image => image.id === id);
  const kind = !visit ? state.detail.report.modality?.value ?? "neither" : isFrame ? "endoscopy" : visit.rest.some(image => image.id === id) ? "neither"
    : state.visit.detail.blind.find(row => row.id === id)?.modality ?? "fundus";
  $("what").textContent = visit ? `Why is the ${visitView.card.words} rejected?` : "Why is it rejected?";
  $("reasons").replaceChildren(...reasons[kind].map((reason, index) => el("button", { type: "button", onclick: () => reject(reason) }, el("kbd", {}, `${index + 1}`), ` ${reason}`)));
  $("reason").value = "";
  $("why").showModal();
  $("reasons").firstChild.focus();
}

function reject(reason) {
  if (!reason.trim()) return $("reason").focus();
  $("why").close();
  if (isVisitShown()) rejectChosen(visitView.card.id, reason.trim()); else decide("reject", reason.trim());
}

// Asks which eye it is. Where site and photograph disagree, a reader may also say that it is the one that is stated.
function startSiding() {
  if (!canSide() || state.busy) return;
  const { report } = state.detail;
  const isDoubtful = report.attention.some(entry => entry.code === "eye_conflict");
  $("sides").replaceChildren(...["right", "left", "unknown"].map((side, index) => el("button", { type: "button", disabled: side === report.examination.eye.value && !isDoubtful, onclick: () => correctEye(side) },
    el("kbd", {}, `${index + 1}`), ` ${eyes[side]}${side === report.examination.eye.value ? ", as it is called now" : ""}`)));
  $("which").showModal();
  $("sides").querySelector("button:enabled").focus();
}

function correctEye(side) {
  $("which").close();
  decide("correct", null, undefined, side);
}

$("same").addEventListener("click", () => $("which").close());
$("which").addEventListener("keydown", event => {
  const chosen = $("sides").children[Number(event.key) - 1];
  if (chosen && !chosen.disabled) { event.preventDefault(); chosen.click(); }
});

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

$("accept").addEventListener("click", () => isVisitShown() ? acceptVisit() : decide("accept"));
$("reject").addEventListener("click", startRejecting);
$("correct").addEventListener("click", () => isVisitShown() ? correctChosen() : viewer.tool ? save() : startDrawing());

async function correctChosen() {
  if (!visitView.card) return;
  await openImage(visitView.card.id);
  if (state.detail) startDrawing();
}

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("why").open || $("which").open || event.target.matches("select, input:not([type=checkbox])")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const onButton = event.target.matches("button") && (key === "Enter" || key === " ");
  if (onButton || state.busy) return;
  if (key === "Escape" && !$("tools").hidden) { event.preventDefault(); return leave(); }
  const action = viewer.tool ? drawingKeys(key, event.shiftKey) : isVisitShown() ? visitKeys[key] : readingKeys[key];
  if (!action) return;
  event.preventDefault();
  if (typeof action === "function") action();
});

const listKeys = {
  s: () => step(1), w: () => step(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1),
  v: () => mayLeave() && switchList().catch(error => tell(error.message)),
};

const visitKeys = {
  ...listKeys,
  a: () => { if (!$("accept").disabled) acceptVisit(); }, r: () => { if (!$("reject").disabled) startRejecting(); },
  e: () => { if (!$("correct").disabled) correctChosen(); },
  ArrowRight: () => visitView.choose(visitView.chosen + 1), ArrowLeft: () => visitView.choose(visitView.chosen - 1),
  d: () => visitView.choose((visitView.chosen + 1) % visitView.cards.length),
  Enter: () => visitView.card && openImage(visitView.card.id),
  c: () => visitView.toggle("contours"), f: () => visitView.toggle("whole"),
  h: () => $("visit").querySelector(".plot")?.scrollIntoView({ block: "end" }),
};

// From an image of a visit to the one before or after.
function stepInVisit(by) {
  const { cards } = visitView;
  const index = cards.findIndex(card => card.id === state.id);
  if (!state.visit || !cards.length || !mayLeave()) return;
  openImage(cards[Math.min(cards.length - 1, Math.max(0, index + by))].id);
}

const readingKeys = {
  ...listKeys,
  a: () => decide("accept"), r: () => state.detail && startRejecting(), e: () => state.detail && startDrawing(),
  x: startSiding, q: backToVisit, Escape: backToVisit, ArrowRight: () => stepInVisit(1), ArrowLeft: () => stepInVisit(-1),
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
$("by").addEventListener("click", listKeys.v);
$("filters").addEventListener("change", () => loadList().catch(error => tell(error.message)));
$("filters").addEventListener("submit", event => event.preventDefault());
// What arrives meanwhile appears at its place; nothing happens to what is being read.
setInterval(() => { if (!viewer.tool && !state.busy && !$("why").open && !$("which").open && !document.hidden) loadList().catch(() => {}); }, 30000);
loadList().then(begin).catch(error => tell(error.message));
update();
