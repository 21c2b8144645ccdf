// The page's own address in the code, and a button that copies it.

const here = location.origin;
for (const code of document.querySelectorAll("section code")) {
  code.textContent = code.textContent.replaceAll("http://127.0.0.1:8000", here);
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection()?.selectAllChildren(code); // without the right to copy: Ctrl-C is one step away
    }
  });
  code.parentElement.before(button);
}
