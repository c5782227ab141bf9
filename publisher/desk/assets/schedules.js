// The week of a schedule as a grid. The lines of times below it are the form: the grid writes them and is drawn from them, so that
// without this file nothing is missing.
(function () {
  "use strict";
  var place = document.querySelector(".grid-place");
  var form = document.getElementById("schedule");
  if (!place || !form) {
    return;
  }
  var said = place.dataset;
  var lines = [0, 1, 2, 3, 4, 5, 6].map(function (day) {
    return form.elements["day-" + day];
  });
  var names = lines.map(function (line) {
    return form.querySelector('label[for="' + line.id + '"]').textContent.trim();
  });
  var step = 30;
  var cells = []; // cells[row][day]
  var here = [0, 0];

  function minutes(text) {
    var found = /^(\d{1,2})[:.：](\d{2})(?::\d{2})?$/.exec(text);
    return found && +found[1] < 24 && +found[2] < 60 ? +found[1] * 60 + +found[2] : null;
  }
  function written(at) {
    return String(Math.floor(at / 60)).padStart(2, "0") + ":" + String(at % 60).padStart(2, "0");
  }
  function words(day) {
    return lines[day].value.split(/[\s,;，、；]+/).filter(Boolean);
  }
  function within(day, row) {
    return words(day).filter(function (word) {
      var at = minutes(word);
      return at !== null && at >= row * step && at < (row + 1) * step;
    });
  }
  function element(name, attributes, text) {
    var made = document.createElement(name);
    Object.keys(attributes || {}).forEach(function (key) {
      made.setAttribute(key, attributes[key]);
    });
    if (text !== undefined) {
      made.textContent = text;
    }
    return made;
  }

  // [weekday][minute] is quiet, from the fields of quiet hours.
  function quietTimes() {
    var quiet = [];
    for (var day = 0; day < 7; day += 1) {
      quiet.push([]);
    }
    for (var n = 0; form.elements["quiet-" + n + "-start"]; n += 1) {
      var start = minutes(form.elements["quiet-" + n + "-start"].value);
      var end = minutes(form.elements["quiet-" + n + "-end"].value);
      if (start === null || end === null) {
        continue;
      }
      var days = Array.from(form.querySelectorAll('[name="quiet-' + n + '-days"]:checked')).map(function (box) {
        return +box.value;
      });
      (days.length ? days : [0, 1, 2, 3, 4, 5, 6]).forEach(function (began) {
        if (start < end) {
          quiet[began].push([start, end]);
        } else {
          quiet[began].push([start, 1440]);
          quiet[(began + 1) % 7].push([0, end]);
        }
      });
    }
    return quiet;
  }

  function paint() {
    var quiet = quietTimes();
    cells.forEach(function (row, number) {
      row.forEach(function (cell, day) {
        var times = within(day, number);
        var at = number * step;
        var silent = quiet[day].some(function (span) {
          return at >= span[0] && at < span[1];
        });
        cell.setAttribute("aria-pressed", times.length ? "true" : "false");
        cell.toggleAttribute("data-quiet", silent);
        var odd = times.length && minutes(times[0]) !== at ? times.join(" ") : "";
        cell.textContent = odd ? odd.slice(0, 5) : times.length ? "✓" : "";
        var label = names[day] + " " + (odd || written(at));
        cell.setAttribute("aria-label", silent ? label + ", " + said.quiet : label);
      });
    });
  }

  function put(day, row, on) {
    var inside = within(day, row);
    var kept = words(day).filter(function (word) {
      return inside.indexOf(word) < 0;
    });
    if (on) {
      kept = kept.concat(inside.length ? inside : [written(row * step)]);
    }
    kept.sort(function (one, other) {
      return (minutes(one) === null ? 1441 : minutes(one)) - (minutes(other) === null ? 1441 : minutes(other));
    });
    lines[day].value = kept.join(", ");
    paint();
    form.dispatchEvent(new Event("slots"));
  }

  function go(row, day) {
    cells[here[0]][here[1]].tabIndex = -1;
    here = [Math.max(0, Math.min(cells.length - 1, row)), Math.max(0, Math.min(6, day))];
    cells[here[0]][here[1]].tabIndex = 0;
    cells[here[0]][here[1]].focus();
  }

  var painting = null; // whether the mouse, held down, sets or clears
  function build() {
    place.replaceChildren();
    place.append(element("p", { class: "under" }, said.help));
    var tools = element("div", { class: "grid-tools" });
    tools.append(element("span", {}, said.every));
    [[30, said.half], [15, said.quarter]].forEach(function (choice) {
      var label = element("label");
      var radio = element("input", { type: "radio", name: "", value: choice[0] });
      radio.checked = step === choice[0];
      radio.addEventListener("change", function () {
        step = choice[0];
        here = [0, 0];
        build();
        place.querySelector('input[value="' + step + '"]').focus();
      });
      label.append(radio, choice[1]);
      tools.append(label);
    });
    tools.append(element("span", { class: "legend" }, said.slot), element("span", { class: "legend quiet-legend" }, said.quiet));
    var table = element("table", { class: "week-grid", "aria-label": said.label });
    var head = element("tr");
    var corner = element("th", { class: "hour", scope: "col" });
    corner.append(element("span", { class: "hidden" }, said.time));
    head.append(corner);
    names.forEach(function (name) {
      var column = element("th", { scope: "col" });
      column.append(element("span", { "aria-hidden": "true" }, /^[A-Z]/.test(name) ? name.slice(0, 3) : name.slice(-1)), element("span", { class: "hidden" }, name));
      head.append(column);
    });
    var thead = element("thead");
    thead.append(head);
    var body = element("tbody");
    cells = [];
    for (var number = 0; number < 1440 / step; number += 1) {
      var whole = (number * step) % 60 === 0;
      var row = element("tr", { class: whole ? "whole" : "between" });
      row.append(element("th", { class: "hour", scope: "row" }, written(number * step)));
      var buttons = [];
      for (var day = 0; day < 7; day += 1) {
        var cell = element("button", { type: "button", class: "cell", tabindex: "-1", "data-row": number, "data-day": day });
        var data = element("td");
        data.append(cell);
        row.append(data);
        buttons.push(cell);
      }
      cells.push(buttons);
      body.append(row);
    }
    table.append(thead, body);
    var scroll = element("div", { class: "grid-scroll" });
    scroll.append(table);
    place.append(tools, scroll);
    place.hidden = false;
    var first = cells.findIndex(function (each, number) {
      return each.some(function (_cell, day) {
        return within(day, number).length;
      });
    });
    here = [first < 0 ? (8 * 60) / step : first, 0];
    cells[here[0]][here[1]].tabIndex = 0;
    paint();
    scroll.scrollTop = Math.max(0, cells[Math.max(0, here[0] - 2)][0].closest("tr").offsetTop - table.tHead.offsetHeight);
  }

  place.addEventListener("click", function (event) {
    var cell = event.target.closest(".cell");
    // A mouse has set it already, when it went down; keys and fingers come here.
    if (cell && event.detail === 0) {
      put(+cell.dataset.day, +cell.dataset.row, cell.getAttribute("aria-pressed") !== "true");
    } else if (cell && event.pointerType !== "mouse") {
      put(+cell.dataset.day, +cell.dataset.row, cell.getAttribute("aria-pressed") !== "true");
    }
  });
  place.addEventListener("pointerdown", function (event) {
    var cell = event.target.closest(".cell");
    if (!cell || event.pointerType !== "mouse" || event.button !== 0) {
      return;
    }
    painting = cell.getAttribute("aria-pressed") !== "true";
    put(+cell.dataset.day, +cell.dataset.row, painting);
  });
  place.addEventListener("pointerover", function (event) {
    var cell = event.target.closest(".cell");
    if (cell && painting !== null && event.buttons === 1) {
      put(+cell.dataset.day, +cell.dataset.row, painting);
    }
  });
  document.addEventListener("pointerup", function () {
    painting = null;
  });
  place.addEventListener("focusin", function (event) {
    var cell = event.target.closest(".cell");
    if (cell && (+cell.dataset.row !== here[0] || +cell.dataset.day !== here[1])) {
      cells[here[0]][here[1]].tabIndex = -1;
      here = [+cell.dataset.row, +cell.dataset.day];
      cell.tabIndex = 0;
    }
  });
  place.addEventListener("keydown", function (event) {
    if (!event.target.closest(".cell") || event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    var moves = {
      ArrowUp: [here[0] - 1, here[1]],
      ArrowDown: [here[0] + 1, here[1]],
      ArrowLeft: [here[0], here[1] - 1],
      ArrowRight: [here[0], here[1] + 1],
      PageUp: [here[0] - 240 / step, here[1]],
      PageDown: [here[0] + 240 / step, here[1]],
      Home: [0, here[1]],
      End: [cells.length - 1, here[1]],
    };
    if (moves[event.key]) {
      event.preventDefault();
      go(moves[event.key][0], moves[event.key][1]);
    }
  });
  form.addEventListener("input", paint);
  build();
})();
