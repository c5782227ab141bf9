// The page of an edition: arranging items by dragging and by buttons before they are saved, and showing it once it is assembled.
(function () {
  "use strict";

  var form = document.querySelector("form.arrange");
  var changed = false;

  function peers(item) {
    return Array.from(item.parentElement.querySelectorAll(":scope > .arranged-item"));
  }

  // The first cannot go up, the last cannot go down.
  function mark(list) {
    var items = Array.from(list.querySelectorAll(":scope > .arranged-item"));
    items.forEach(function (item, place) {
      item.querySelectorAll(".move").forEach(function (button) {
        button.disabled = button.value.startsWith("up:") ? place === 0 : place === items.length - 1;
      });
    });
  }

  function unsaved() {
    changed = true;
    form.querySelector("[data-save]").hidden = false;
  }

  function say(text, item) {
    form.querySelector("[data-said]").textContent = text.replace("{n}", String(peers(item).indexOf(item) + 1));
  }

  function moveBy(button) {
    var item = button.closest(".arranged-item");
    var up = button.value.startsWith("up:");
    var other = up ? item.previousElementSibling : item.nextElementSibling;
    if (!other) {
      return;
    }
    item.parentElement.insertBefore(up ? item : other, up ? other : item);
    mark(item.parentElement);
    unsaved();
    say(up ? form.dataset.saidUp : form.dataset.saidDown, item);
    var next = button.disabled ? item.querySelector(".move:not([disabled])") : button;
    if (next) {
      next.focus();
    }
  }

  if (form) {
    form.addEventListener("click", function (event) {
      var button = event.target.closest("button.move");
      if (button) {
        event.preventDefault();
        moveBy(button);
      }
    });
    form.addEventListener("submit", function () {
      changed = false;
    });
    var dragged = null;
    form.querySelectorAll("ol.arranged > .arranged-item").forEach(function (item) {
      item.draggable = true;
      item.addEventListener("dragstart", function (event) {
        dragged = item;
        item.classList.add("dragged");
        event.dataTransfer.effectAllowed = "move";
        event.dataTransfer.setData("text/plain", item.id);
      });
      item.addEventListener("dragend", function () {
        item.classList.remove("dragged");
        document.querySelectorAll(".over").forEach(function (each) { each.classList.remove("over"); });
        dragged = null;
      });
      item.addEventListener("dragover", function (event) {
        if (dragged && dragged !== item && dragged.parentElement === item.parentElement) {
          event.preventDefault();
          item.classList.add("over");
        }
      });
      item.addEventListener("dragleave", function () {
        item.classList.remove("over");
      });
      item.addEventListener("drop", function (event) {
        if (!dragged || dragged === item || dragged.parentElement !== item.parentElement) {
          return;
        }
        event.preventDefault();
        item.classList.remove("over");
        var all = peers(item);
        var after = all.indexOf(dragged) < all.indexOf(item);
        item.parentElement.insertBefore(dragged, after ? item.nextElementSibling : item);
        mark(item.parentElement);
        unsaved();
      });
    });
  }

  document.addEventListener("input", function (event) {
    if (event.target.closest("form.texts, form.digest-form")) {
      changed = true;
    }
  });
  document.addEventListener("submit", function (event) {
    if (event.target.matches("form.texts, form.digest-form, form.arrange")) {
      changed = false;
    }
  });
  window.addEventListener("beforeunload", function (event) {
    if (changed) {
      event.preventDefault();
    }
  });

  // It was being assembled when the page was loaded, and is no more: show it, unless something typed would be lost.
  document.addEventListener("edition-assembled", function () {
    if (!changed) {
      window.location.reload();
    }
  });
})();
