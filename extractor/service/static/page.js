"use strict";

const API = "/api/v1/documents";
const STATES = {
  queued: "排队中", running: "提取中", accepted: "通过", needs_review: "需复核",
  partial: "部分完成", failed: "失败",
};
const STAGES = {
  start: "开始", ingest: "读取文件", pages: "读取页面", ocr: "文字识别", classify: "识别版式",
  assemble: "整理表格", reread: "复读", decode: "勾稽校验", flag: "评估", figures: "提取数据",
  export: "导出",
};
const PROBLEMS = {
  unauthorized: "密钥无效", forbidden: "密钥没有此权限", unsupported_input: "不支持的文件格式",
  encrypted_input: "文件有密码保护", corrupt_input: "文件为空或已损坏",
  input_too_large: "文件超过限制", not_a_report: "不是政府信息公开年度报告",
  nothing_accepted: "没有可用的文件", timed_out: "提取超时", worker_crashed: "提取进程意外终止",
  not_finished: "提取尚未完成", store_failed: "存储失败", internal_error: "服务内部错误",
};
const PAGE_SIZE = 50;

const at = (id) => document.getElementById(id);
let limit = PAGE_SIZE;
let timer = 0;

function say(text) {
  if (at("messages").lastElementChild?.textContent === text) return;
  const item = document.createElement("li");
  item.textContent = text;
  at("messages").append(item);
}

function explain(problem) {
  const known = PROBLEMS[problem.code];
  return known ? `${known}（${problem.detail}）` : problem.detail || "请求失败";
}

async function ask(path) {
  const response = await fetch(path, {
    headers: { Authorization: `Bearer ${sessionStorage.getItem("key")}` },
  });
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({ code: "", detail: response.statusText }));
  if (problem.code === "unauthorized") signOut();
  throw new Error(explain(problem));
}

function show() {
  const signedIn = sessionStorage.getItem("key") !== null;
  at("sign-in").hidden = signedIn;
  at("work").hidden = at("sign-out").hidden = !signedIn;
  if (signedIn) refresh();
}

function signOut() {
  clearTimeout(timer);
  sessionStorage.removeItem("key");
  at("documents").replaceChildren();
  show();
}

async function refresh() {
  clearTimeout(timer);
  try {
    const list = await fetchList();
    at("documents").replaceChildren(...list.documents.map(row));
    at("empty").hidden = list.documents.length > 0;
    at("more").hidden = list.next_cursor === null;
    const busy = list.documents.some((item) => ["queued", "running"].includes(item.state));
    timer = setTimeout(refresh, busy ? 1000 : 10000);
  } catch (error) {
    say(error.message);
    if (sessionStorage.getItem("key") !== null) timer = setTimeout(refresh, 10000);
  }
}

async function fetchList() {
  const list = { documents: [], next_cursor: null };
  do {
    const cursor = list.next_cursor === null ? "" : `&cursor=${list.next_cursor}`;
    const part = await (await ask(`${API}?limit=${PAGE_SIZE}${cursor}`)).json();
    list.documents.push(...part.documents);
    list.next_cursor = part.next_cursor;
  } while (list.next_cursor !== null && list.documents.length < limit);
  return list;
}

function row(item) {
  const line = document.createElement("tr");
  for (const text of [item.name, item.organization ?? "", item.year ?? ""]) {
    line.insertCell().textContent = text;
  }
  const state = line.insertCell();
  state.textContent = stateText(item);
  state.className = item.status ?? item.state;
  if (item.problem && item.state === "failed") state.title = item.problem.detail;
  line.insertCell().textContent = item.flagged ?? "";
  line.insertCell().textContent = item.findings ?? "";
  const results = line.insertCell();
  if (item.state === "done") {
    for (const format of ["json", "xlsx", "csv"]) {
      const button = document.createElement("button");
      button.className = "plain";
      button.textContent = format.toUpperCase();
      button.onclick = () => download(item, format);
      results.append(button);
    }
  }
  return line;
}

function stateText(item) {
  if (item.problem && item.state === "failed") return `失败：${PROBLEMS[item.problem.code] ?? item.problem.title}`;
  if (item.progress) {
    const { stage, page, pages } = item.progress;
    return `${STAGES[stage] ?? stage}${page ? `（第 ${page}/${pages} 页）` : ""}`;
  }
  return STATES[item.status ?? item.state];
}

async function download(item, format) {
  try {
    const response = await ask(`${API}/${item.id}/export?format=${format}`);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await response.blob());
    link.download = `${item.name.split("/").pop().replace(/\.[^.]*$/, "")}.${format}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  } catch (error) {
    say(error.message);
  }
}

function upload(files) {
  if (files.length === 0) return;
  at("messages").replaceChildren();
  const form = new FormData();
  for (const file of files) form.append("files", file);
  const request = new XMLHttpRequest(); // fetch does not tell how much was sent
  request.open("POST", API);
  request.setRequestHeader("Authorization", `Bearer ${sessionStorage.getItem("key")}`);
  request.responseType = "json";
  request.upload.onprogress = (event) => { at("sending").value = event.loaded / event.total; };
  request.onloadend = () => {
    at("sending").hidden = true;
    const answer = request.response;
    if (answer === null) say("上传中断：连接失败，或文件超过限制");
    else if (request.status !== 202 && !answer.refused?.length) say(explain(answer));
    for (const file of answer?.documents ?? []) {
      if (!file.is_new) say(`${file.name}：内容相同的文件已存在，不再重复提取`);
    }
    for (const file of answer?.refused ?? []) say(`${file.name}：${explain(file)}`);
    for (const file of answer?.skipped ?? []) say(`${file.name}：已跳过（${file.reason}）`);
    if (answer?.code === "unauthorized") signOut();
    else refresh();
  };
  at("sending").hidden = false;
  request.send(form);
}

at("sign-in").onsubmit = (event) => {
  event.preventDefault();
  at("messages").replaceChildren();
  sessionStorage.setItem("key", at("key").value.trim());
  at("key").value = "";
  show();
};
at("sign-out").onclick = signOut;
at("more").onclick = () => { limit += PAGE_SIZE; refresh(); };
at("files").onchange = () => { upload(at("files").files); at("files").value = ""; };
at("drop").ondragover = (event) => { event.preventDefault(); at("drop").classList.add("over"); };
at("drop").ondragleave = () => at("drop").classList.remove("over");
at("drop").ondrop = (event) => {
  event.preventDefault();
  at("drop").classList.remove("over");
  upload(event.dataTransfer.files);
};
show();
