import "./style.css";

const casks = document.querySelector("#casks");
casks.textContent = `${casks.dataset.count} casks, counted by the browser`;
