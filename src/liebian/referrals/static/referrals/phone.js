/* What the inviter's page gains with script: copying, and the phone's own share sheet. The page works without it.
   Old browsers inside chat apps read this too, so it keeps to their language. */
(function () {
  "use strict";

  function select(field) {
    field.focus();
    field.select();
    if (field.setSelectionRange) field.setSelectionRange(0, field.value.length);
  }

  function copySelected(field) {
    select(field);
    try { return document.execCommand("copy"); } catch (e) { return false; }
  }

  function addCopy(button) {
    var field = document.getElementById(button.getAttribute("data-copy"));
    var label = button.textContent;
    if (!field) return;
    function said(ok) {
      if (!ok) select(field); /* copying by hand is one touch away */
      button.textContent = button.getAttribute(ok ? "data-done" : "data-failed");
      setTimeout(function () { button.textContent = label; }, 2500);
    }
    button.addEventListener("click", function () {
      if (navigator.clipboard && navigator.clipboard.writeText) {
        navigator.clipboard.writeText(field.value).then(
          function () { said(true); },
          function () { said(copySelected(field)); }
        );
      } else {
        said(copySelected(field));
      }
    });
    button.hidden = false;
  }

  /* The form takes note of the share in any case; the sheet comes first where there is one. Who closes it has not shared. */
  function addShare(form) {
    var isOpen = false;
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      if (isOpen) return;
      isOpen = true;
      navigator.share({ text: form.getAttribute("data-share") }).then(
        function () { form.submit(); },
        function (error) {
          isOpen = false;
          if (!error || error.name !== "AbortError") form.submit();
        }
      );
    });
  }

  var buttons = document.querySelectorAll("[data-copy]");
  for (var i = 0; i < buttons.length; i++) addCopy(buttons[i]);
  var forms = document.querySelectorAll("form[data-share]");
  if (navigator.share) for (var j = 0; j < forms.length; j++) addShare(forms[j]);
})();
