// The sign-up page: names the time zone, and solves the task of ALTCHA (version 2, PBKDF2) where the page has one.
// Without this script the form works all the same; a page with a task says what to do then.
"use strict"

const form = document.querySelector("form.sign-up")

function bytes(hex) {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16))
}

function hex(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("")
}

async function derived(task, counter) {
  const nonce = bytes(task.nonce)
  const password = new Uint8Array(nonce.length + 4)
  password.set(nonce)
  new DataView(password.buffer).setUint32(nonce.length, counter)
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"])
  const how = {name: "PBKDF2", hash: "SHA-256", salt: bytes(task.salt), iterations: task.cost}
  return hex(await crypto.subtle.deriveBits(how, key, task.keyLength * 8))
}

async function solved(challenge) {
  const task = challenge.parameters
  for (let first = 0; ; first += 8) {
    const counters = Array.from({length: 8}, (_, n) => first + n)
    const keys = await Promise.all(counters.map((counter) => derived(task, counter)))
    const found = keys.findIndex((key) => key.startsWith(task.keyPrefix))
    if (found >= 0) {
      return btoa(JSON.stringify({challenge, solution: {counter: first + found, derivedKey: keys[found]}}))
    }
  }
}

function work(answer) {
  let sending = false
  const solving = solved(JSON.parse(form.dataset.task)).then((text) => { answer.value = text })
  form.addEventListener("submit", (event) => {
    if (answer.value) return
    event.preventDefault()
    if (sending) return
    sending = true
    form.querySelector("[role=status]").textContent = form.dataset.wait
    solving.then(() => form.requestSubmit())
  })
}

if (form) {
  form.elements.zone.value ||= Intl.DateTimeFormat().resolvedOptions().timeZone ?? ""
  if (form.dataset.task && globalThis.crypto?.subtle) {
    document.querySelector("#no-script").remove()
    document.querySelector("#with-script")?.removeAttribute("hidden")
    work(form.elements.altcha)
  }
}
