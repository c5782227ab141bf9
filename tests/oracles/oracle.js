// Reads questions, one JSON array ["all" or "units", text] a line, and answers each with one JSON object a line:
// units: of UTF-16; and for "all" x: the weighted length by npm twitter-text, and whether it may be posted; graphemes: by
// Intl.Segmenter; bytes: of UTF-8; mastodon: as its server counts, with links from twitter-text's domains.
"use strict";

const readline = require("node:readline");
const twitter = require("twitter-text");

const segmenter = new Intl.Segmenter("und", { granularity: "grapheme" });
const URL_LENGTH = 23;
const LONGEST_URL = 4096;
const SCHEMES = /(?:https?|dat|dweb|ipfs|ipns|ssb|gopher|gemini):\/\//giu;
const NOT_BEFORE_A_LINK = /[A-Za-z0-9@＠$#＃\u202a-\u202e]/;
const SPACE = /\p{White_Space}/u;

function graphemes(text) {
  let count = 0;
  for (const _ of segmenter.segment(text)) count += 1;
  return count;
}

// Where the brackets that open at `at` close, with one more pair in them at most; -1 if they do not.
function closing(text, at, deep = 1) {
  let inner = false;
  for (let i = at + 1; i < text.length; i += 1) {
    const c = text[i];
    if (c === ")") return i > at + 1 ? i + 1 : -1;
    if (c === "(") {
      if (!deep || inner) return -1;
      const end = closing(text, i, 0);
      if (end < 0) return -1;
      inner = true;
      i = end - 1;
    } else if (c === "<" || c === ">" || c === "?" || SPACE.test(c)) return -1;
  }
  return -1;
}

// The end of a path that begins with the slash at `at`: the last place where it may end.
function endOfPath(text, at) {
  let end = at + 1;
  for (let i = at + 1; i < text.length; ) {
    const c = String.fromCodePoint(text.codePointAt(i));
    if (c === "(") {
      const after = closing(text, i);
      if (after < 0) break;
      i = end = after;
      continue;
    }
    if ("<>)?".includes(c) || SPACE.test(c)) break;
    i += c.length;
    if (!"!*\"'「」;:=,.$%[]~&|@".includes(c)) end = i;
  }
  return end;
}

function endOfQuery(text, at) {
  let end = at;
  for (let i = at + 1; i < text.length; ) {
    const c = String.fromCodePoint(text.codePointAt(i));
    const far = c.codePointAt(0) >= 0xa0;
    if (!far && !/[a-z0-9!?*'();:&=+$/%#[\]\-_.,~|@^]/i.test(c)) break;
    if (isNoncharacter(c.codePointAt(0))) break;
    i += c.length;
    if (far || /[a-z0-9_&=#/-]/i.test(c)) end = i;
  }
  return end;
}

// What RFC 3987 leaves out of its `ucschar` and `iprivate`.
function isNoncharacter(code) {
  if (code >= 0xd800 && code <= 0xdfff) return true;
  if (code >= 0xfdd0 && code <= 0xfdef) return true;
  if (code >= 0xfff0 && code <= 0xffff) return true;
  return (code & 0xfffe) === 0xfffe || (code >= 0xe0000 && code <= 0xe0fff);
}

function links(text) {
  const found = [];
  SCHEMES.lastIndex = 0;
  for (let match; (match = SCHEMES.exec(text)); ) {
    const start = match.index;
    if (start > 0 && NOT_BEFORE_A_LINK.test(text[start - 1])) continue;
    const rest = text.slice(start + match[0].length);
    const [host] = twitter.extractUrlsWithIndices(`https://${rest.split(/[\s/?:#]/u, 1)[0]}`);
    if (!host || host.indices[0] !== 0) continue;
    let end = start + match[0].length + host.url.length - "https://".length;
    const port = /^:[0-9]+/.exec(text.slice(end));
    if (port) end += port[0].length;
    if (text[end] === "/") end = endOfPath(text, end);
    if (text[end] === "?") end = endOfQuery(text, end);
    if (end - start > LONGEST_URL) continue;
    found.push([start, end]);
    SCHEMES.lastIndex = end;
  }
  return found;
}

const MENTION =
  /(?<![=/\p{L}\p{M}\p{Nd}\p{Pc}])@([a-z0-9_]+(?:[.-]+[a-z0-9_]+)*)(@[\p{L}\p{M}\p{Nd}\p{Pc}]+(?:[.-]+[\p{L}\p{M}\p{Nd}\p{Pc}]+)*)?/giu;
const NOT_AFTER_A_MENTION = /^(?:[@＠\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f]|:\/\/)/;

function mastodon(text) {
  const spans = links(text).map(([start, end]) => ({ start, end, text: "x".repeat(URL_LENGTH) }));
  for (const match of text.matchAll(MENTION)) {
    const end = match.index + match[0].length;
    if (NOT_AFTER_A_MENTION.test(text.slice(end, end + 3))) continue;
    spans.push({ start: match.index, end, text: `@${match[1]}` });
  }
  spans.sort((a, b) => a.start - b.start);
  let counted = "";
  let last = 0;
  for (const span of spans) {
    if (span.start < last) continue;
    counted += text.slice(last, span.start) + span.text;
    last = span.end;
  }
  return graphemes(counted + text.slice(last));
}

const lines = readline.createInterface({ input: process.stdin, crlfDelay: Infinity });
lines.on("line", (line) => {
  const [kind, text] = JSON.parse(line);
  const told = { units: text.length };
  if (kind === "all") {
    // X counts a line break once; its library takes texts in which it is one character.
    const parsed = twitter.parseTweet(text.replace(/\r\n?/g, "\n"));
    told.x = parsed.weightedLength;
    told.x_valid = parsed.valid;
    told.graphemes = graphemes(text);
    told.bytes = Buffer.byteLength(text);
    told.mastodon = mastodon(text);
  }
  process.stdout.write(`${JSON.stringify(told)}\n`);
});
