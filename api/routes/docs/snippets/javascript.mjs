import { readFile } from "node:fs/promises"; // a browser takes it from <input type="file">

const form = new FormData();
form.append("image", new Blob([await readFile("photo.jpg")]));
const answer = await fetch("http://127.0.0.1:8000/api/v1/classify", { method: "POST", body: form });
const result = await answer.json();
if (answer.ok) {
  console.log(result.verdict, result.predictions[0].score);
} else {
  console.log(result.code, result.detail);
}
