'use strict';

const $ = (id) => document.getElementById(id);
const show = (id, visible) => { $(id).hidden = !visible; };

// call asks the API. The browser adds the cookie of the session by itself.
async function call(method, path, { body, headers = {} } = {}) {
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const answer = await fetch('/api/' + path, { method, headers, body: body && JSON.stringify(body) });
  if (answer.status === 204) return null;
  const value = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(value.detail || value.title), { status: answer.status });
  return value;
}

// basic is the header for a name and a password of any letters.
function basic(name, password) {
  const bytes = new TextEncoder().encode(name + ':' + password);
  return 'Basic ' + btoa(String.fromCharCode(...bytes));
}

// say shows what went wrong; without a text it clears that.
function say(text = '') { $('message').textContent = text; }

// attempt runs what a user asked for. A session that is over leads to the form.
async function attempt(action) {
  say();
  try {
    await action();
  } catch (err) {
    if (err.status === 401) showLogin();
    say(err.message);
  }
}

function showLogin() {
  for (const id of ['account', 'notes']) show(id, false);
  show('login', true);
  $('login').elements.name.focus();
}

async function showAccount(account) {
  $('name').textContent = account.name;
  $('email').textContent = account.email;
  await list();
  show('login', false);
  for (const id of ['account', 'notes']) show(id, true);
  $('add').elements.text.focus();
}

// list shows the notes. Their text is text and never markup.
async function list() {
  const notes = await call('GET', 'notes');
  $('list').replaceChildren(...notes.map((note) => {
    const item = document.createElement('li');
    const remove = document.createElement('button');
    remove.textContent = 'Remove';
    remove.ariaLabel = 'Remove: ' + note.text;
    remove.onclick = () => attempt(async () => {
      await call('DELETE', 'notes/' + note.id);
      await list();
    });
    item.append(note.text, remove);
    return item;
  }));
}

// onSubmit runs an action with the fields of a form instead of sending it.
function onSubmit(id, action) {
  $(id).addEventListener('submit', (event) => {
    event.preventDefault();
    const form = event.target;
    attempt(async () => {
      await action(Object.fromEntries(new FormData(form)));
      form.reset();
    });
  });
}

onSubmit('login', async ({ name, password }) => {
  const headers = { Authorization: basic(name, password) };
  let account;
  try {
    account = await call('POST', 'session', { headers });
  } catch (err) {
    if (err.status === 401) throw new Error('Name or password is wrong.');
    throw err;
  }
  await showAccount(account);
});

onSubmit('add', async ({ text }) => {
  await call('POST', 'notes', { body: { text } });
  await list();
});

$('logout').onclick = () => attempt(async () => {
  await call('DELETE', 'session');
  showLogin();
});

attempt(async () => {
  try {
    await showAccount(await call('GET', 'whoami'));
  } catch (err) {
    if (err.status !== 401) throw err;
    showLogin(); // nobody is logged in yet, which is no fault
  }
});
