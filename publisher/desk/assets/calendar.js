// Moving posts in the calendar, by pointer and by keyboard. Without this file each entry leads to its page, which has a form.
(function () {
  "use strict";

  var bar = document.getElementById("moving");
  if (!bar || !document.getElementById("calendar")) {
    return;
  }
  var said = document.getElementById("move-said");
  var dialog = document.getElementById("refused");
  var DAY = 1440;
  var held = null; // what is being moved: {entry, at, from, place}

  // Times are those on the viewer's wall, as text: 2026-06-01T09:00. The server knows the zone.
  function plus(local, minutes) {
    return new Date(Date.parse(local + "Z") + minutes * 60000).toISOString().slice(0, 16);
  }
  function written(local) {
    // As the server writes days: 3 June, not June 3.
    var language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
    return new Date(local + "Z").toLocaleString(language, {
      weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit", timeZone: "UTC"
    });
  }
  function filled(name, entry, local) {
    return bar.dataset[name].replace("{name}", entry.dataset.name).replace("{when}", local ? written(local) : "");
  }
  function view() {
    return document.getElementById("calendar").dataset.view;
  }
  function cellOf(local) {
    var day = '[data-day="' + local.slice(0, 10) + '"]';
    var hour = view() === "week" ? '[data-hour="' + Number(local.slice(11, 13)) + '"]' : "";
    return document.querySelector("#calendar " + day + hour);
  }
  function mark(cell) {
    document.querySelectorAll("#calendar .target").forEach(function (each) { each.classList.remove("target"); });
    if (cell) {
      cell.classList.add("target");
    }
  }

  // ---- To the server and back ----
  function place(entry) {
    return { parent: entry.parentNode, next: entry.nextSibling };
  }
  function putBack(entry, where) {
    entry.classList.remove("busy");
    where.parent.insertBefore(entry, where.next);
  }
  function focusOn(key) {
    var link = document.querySelector("#" + CSS.escape(key) + " .entry-link");
    if (link) {
      link.focus();
    }
  }
  function send(entry, local, reason) {
    var where = place(entry);
    var cell = cellOf(local);
    var list = cell && cell.querySelector(".entries");
    if (list) {
      list.appendChild(entry);
    }
    entry.classList.add("busy");
    var body = new URLSearchParams({
      version: entry.dataset.version, at: local, zone: document.getElementById("calendar").dataset.zone, override: reason || ""
    });
    var token = document.querySelector("#move-token [name=csrfmiddlewaretoken]").value;
    fetch(entry.dataset.move, { method: "POST", body: body, headers: { "X-CSRFToken": token, Accept: "application/json" } })
      .then(function (answer) {
        return answer.json().then(function (told) { return { ok: answer.ok, status: answer.status, told: told }; });
      })
      .then(function (answer) {
        if (answer.ok) {
          return again(entry.id, answer.told.said);
        }
        putBack(entry, where);
        refused(entry, local, answer.told);
        return null;
      })
      .catch(function () {
        putBack(entry, where);
        refused(entry, local, { message: bar.dataset.failed, hint: "" });
      });
  }
  function again(key, told) {
    return fetch(location.href, { headers: { Accept: "text/html" } })
      .then(function (answer) { return answer.text(); })
      .then(function (text) {
        var fresh = new DOMParser().parseFromString(text, "text/html").getElementById("calendar");
        document.getElementById("calendar").replaceWith(document.adoptNode(fresh));
        prepare();
        focusOn(key);
        said.textContent = told;
      });
  }

  // ---- Refused: why, and whether a reason opens the way ----
  function refused(entry, local, told) {
    var list = document.getElementById("refused-why");
    list.textContent = "";
    (told.rules || [told.message]).forEach(function (words) {
      var item = document.createElement("li");
      item.textContent = words;
      list.appendChild(item);
    });
    document.getElementById("refused-hint").textContent = told.hint || "";
    document.getElementById("refused-even-so").hidden = !told.may_be_overridden;
    document.getElementById("refused-go").hidden = !told.may_be_overridden;
    document.getElementById("refused-page").href = told.url || entry.querySelector(".entry-link").href;
    var reason = document.getElementById("refused-reason");
    reason.value = "";
    reason.required = Boolean(told.may_be_overridden);
    dialog.returnValue = "";
    dialog.onclose = function () {
      if (dialog.returnValue === "even-so" && reason.value.trim()) {
        send(entry, local, reason.value);
        return;
      }
      said.textContent = filled("back", entry);
      focusOn(entry.id);
    };
    dialog.showModal();
  }
  // Leaving the post where it was needs no reason.
  dialog.querySelector("[value=back]").formNoValidate = true;

  // ---- By keyboard, and by the buttons of the bar ----
  function begin(entry) {
    held = { entry: entry, at: entry.dataset.at, from: entry.dataset.at };
    entry.classList.add("held");
    bar.hidden = false;
    entry.querySelector(".entry-link").focus();
    tell("moving");
  }
  function tell(name) {
    document.getElementById("moving-what").textContent = filled("to", held.entry, held.at);
    said.textContent = filled(name, held.entry, held.at);
    mark(cellOf(held.at));
  }
  function step(minutes) {
    held.at = plus(held.at, minutes);
    tell("to");
  }
  function end() {
    var was = held;
    held = null;
    bar.hidden = true;
    mark(null);
    was.entry.classList.remove("held");
    return was;
  }
  function drop() {
    var was = end();
    if (was.at !== was.from) {
      send(was.entry, was.at, "");
    } else {
      said.textContent = filled("back", was.entry);
      focusOn(was.entry.id);
    }
  }
  function leave() {
    var was = end();
    said.textContent = filled("back", was.entry);
    focusOn(was.entry.id);
  }
  var KEYS = {
    ArrowLeft: function () { return -DAY; },
    ArrowRight: function () { return DAY; },
    ArrowUp: function () { return view() === "month" ? -7 * DAY : -15; },
    ArrowDown: function () { return view() === "month" ? 7 * DAY : 15; }
  };
  document.addEventListener("keydown", function (event) {
    if (dialog.open || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    if (!held) {
      var entry = event.target.closest("#calendar .entry[data-post]");
      if (entry && event.key.toLowerCase() === "m") {
        event.preventDefault();
        begin(entry);
      }
      return;
    }
    if (KEYS[event.key]) {
      event.preventDefault();
      step(KEYS[event.key]());
    } else if (event.key === "Escape") {
      leave();
    } else if (event.key === "Enter" && !event.target.closest("#moving")) {
      event.preventDefault();
      drop();
    }
  });
  bar.addEventListener("click", function (event) {
    var button = event.target.closest("button");
    if (!held || !button) {
      return;
    }
    if (button.dataset.step) {
      step(Number(button.dataset.step));
    } else if (button.dataset.do === "drop") {
      drop();
    } else {
      leave();
    }
  });
  document.addEventListener("click", function (event) {
    var button = event.target.closest(".entry-move");
    if (button) {
      if (held) {
        leave();
      }
      begin(button.closest(".entry"));
    }
  });

  // ---- By pointer ----
  var dragged = null;
  function landing(event) {
    var cell = event.target.closest && event.target.closest("#calendar [data-day]");
    if (!cell || !dragged) {
      return null;
    }
    var local = cell.dataset.day + dragged.dataset.at.slice(10);
    if (cell.dataset.hour) {
      var box = cell.getBoundingClientRect();
      var quarter = Math.min(3, Math.max(0, Math.floor((4 * (event.clientY - box.top)) / box.height)));
      local = cell.dataset.day + "T" + ("0" + cell.dataset.hour).slice(-2) + ":" + ("0" + 15 * quarter).slice(-2);
    }
    return { cell: cell, local: local };
  }
  document.addEventListener("dragstart", function (event) {
    var entry = event.target.closest && event.target.closest("#calendar .entry[data-post]");
    if (entry) {
      dragged = entry;
      event.dataTransfer.setData("text/plain", entry.dataset.name);
      event.dataTransfer.effectAllowed = "move";
    }
  });
  document.addEventListener("dragover", function (event) {
    var there = landing(event);
    if (there) {
      event.preventDefault();
      mark(there.cell);
      bar.hidden = false;
      document.getElementById("moving-what").textContent = filled("to", dragged, there.local);
    }
  });
  document.addEventListener("drop", function (event) {
    var there = landing(event);
    if (there) {
      event.preventDefault();
      var entry = dragged;
      finish();
      if (there.local !== entry.dataset.at) {
        send(entry, there.local, "");
      }
    }
  });
  document.addEventListener("dragend", finish);
  function finish() {
    dragged = null;
    mark(null);
    bar.hidden = !held;
  }

  function prepare() {
    document.querySelectorAll("#calendar .entry[data-post]").forEach(function (entry) {
      entry.draggable = true;
      entry.querySelector(".entry-move").hidden = false;
      entry.querySelector(".entry-link").setAttribute("aria-describedby", "move-help");
    });
  }
  prepare();
  document.getElementById("move-help").hidden = !document.querySelector("#calendar .entry[data-post]");
})();
