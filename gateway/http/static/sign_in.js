// Signing in with the owner's token: it goes into a header once and is kept nowhere.
const wrong = document.getElementById("wrong");
const field = document.getElementById("token");

document.getElementById("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  wrong.hidden = true;
  try {
    const headers = { Authorization: `Bearer ${field.value.trim()}`, "X-MoA-Gateway": "page" };
    const response = await fetch("/api/session", { method: "POST", headers });
    if (response.ok) return location.replace("/");
    wrong.textContent = response.status === 401 ? "That is not the token." : `The gateway said ${response.status}.`;
  } catch {
    wrong.textContent = "The gateway cannot be reached, or the token has characters that no token has.";
  }
  wrong.hidden = false;
});
