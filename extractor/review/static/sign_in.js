// The key goes to the service once; what comes back is a cookie that scripts cannot read.
const form = document.querySelector("form.sign-in");
const [key, problem, button] = ["#key", "#problem", "button"].map((name) => form.querySelector(name));
const { api, next } = form.dataset;
const described = key.getAttribute("aria-describedby");
const words = JSON.parse(form.dataset.words);

function tell(text) {
  problem.textContent = text;
  problem.hidden = !text;
  key.setAttribute("aria-describedby", text ? "problem" : described);
}

function setBusy(isBusy) {
  button.disabled = isBusy;
  button.textContent = isBusy ? words.busy : words.signIn;
}

// What is wrong; nothing where the session has begun.
async function signIn() {
  try {
    const answer = await fetch(api, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ key: key.value.trim() }),
    });
    if (answer.ok) return "";
    const { code, detail } = await answer.json().catch(() => ({}));
    return code === "unauthorized" ? words.wrong
      : code === "too_many_requests" ? words.tooMany : detail || words.failed;
  } catch {
    return words.lost;
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  tell("");
  setBusy(true);
  const wrong = await signIn();
  if (!wrong) {
    location.assign(next);
    return;
  }
  tell(wrong);
  setBusy(false);
});

// Whoever comes from a link of another site brings no cookie here, though a session may live.
const isSignedIn = await fetch(api).then((answer) => answer.text().then(() => answer.ok), () => false);
if (isSignedIn) location.replace(next);
