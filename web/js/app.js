// The page opens: connect what is there, and fit it to the service.

import { ApiError, offer, samples } from "./api.js";
import { showOffer, showSamples } from "./choices.js";
import { announce, find, fromTemplate } from "./dom.js";
import { forget } from "./panel/history.js";
import { connect, takeFiles } from "./inputs/inputs.js";
import { install, sharedFiles } from "./install.js";
import { asLink } from "./inputs/links.js";
import { clear, followHistory, sayEmpty, show } from "./panel/panel.js";
import { problemInWords } from "./problems.js";
import { askAgain, start } from "./questions.js";

/** The question that the page's own address (`?url=`) brings: nothing is asked until it is pressed. */
function landing() {
  const query = new URLSearchParams(location.search);
  const url = asLink(query.get("url") ?? "");
  if (!url) return null;
  /** @type {HTMLInputElement} */ (find("#url")).value = url;
  const card = fromTemplate("landing-template");
  find(".verdict", card).textContent = find("#title").textContent;
  find("b", card).textContent = new URL(url).hostname;
  const region = query.get("region")?.split(",").map(Number);
  const whole = !region || region.length !== 4 || region.some((share) => !(share >= 0 && share <= 1));
  find("button", card).addEventListener("click", () =>
    start([{ kind: "url", url, ...(whole ? {} : { region }) }]),
  );
  return { cards: [card], head: null, grid: false, busy: false, search: query.toString(), title: "", batch: null };
}

async function open() {
  connect(start);
  followHistory(landing);
  find("#forget").addEventListener("click", () => {
    forget();
    clear();
    announce("Cleared.");
    find("#answers").focus({ preventScroll: true });
  });
  install();
  takeFiles(await sharedFiles(), start);
  const question = landing();
  if (question) {
    document.body.classList.add("landing");
    show(question);
  }
  try {
    const offered = await offer(() => {
      sayEmpty("I’m still starting up. I’ll try again by myself.");
      announce("I’m still starting up.");
    });
    sayEmpty("");
    showOffer(offered, new URLSearchParams(location.search).get("model"), askAgain);
    if (question) find(".verdict", question.cards[0]).textContent = find("#title").textContent;
    showSamples(await samples(), start);
  } catch (error) {
    showSamples([], start);
    if (!(error instanceof ApiError)) throw error;
    if (error.code !== "not_found") sayEmpty(problemInWords(error).message);
  }
}

open();
