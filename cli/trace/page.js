'use strict';
// The page of `ringside run --trace`. Everything that a driver said is set as text, never as markup.
(() => {
  const data = JSON.parse(document.getElementById('trace-data').textContent);
  const { meta, steps, segments, bars, irps, places, threads, devices } = data;
  const [TIME, KIND, CPU, IRQL, THREAD, WORDS, CALL, ROUTINE, IRP, PENDING] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const $ = id => document.getElementById(id);
  const el = (tag, attributes, ...children) => {
    const e = document.createElement(tag);
    for (const [k, v] of Object.entries(attributes || {})) if (v !== null && v !== undefined) e.setAttribute(k, v);
    e.append(...children);
    return e;
  };
  const svg = (tag, attributes, text) => {
    const e = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [k, v] of Object.entries(attributes || {})) e.setAttribute(k, v);
    if (text !== undefined) e.textContent = text;
    return e;
  };
  const clamp = (x, low, high) => Math.max(low, Math.min(high, x));
  const deviceOf = new Map(devices.map(d => [d.n, d]));
  const threadOf = new Map(threads.map(t => [t.n, t]));
  const irpOf = new Map(irps.map(i => [i.n, i]));

  const irqlClass = irql => 'i' + (irql === 0 ? 0 : irql === 1 ? 1 : irql === 2 ? 2 : irql < 13 ? 3 : 4);
  const irqlName = irql => irql === 0 ? 'PASSIVE' : irql === 1 ? 'APC' : irql === 2 ? 'DISPATCH' : irql < 13 ? 'DIRQL ' + irql : 'HIGH ' + irql;
  const when = t => {
    const us = t / 10;
    return us < 1000 ? us.toFixed(1) + ' µs' : us < 1e6 ? (us / 1000).toFixed(4) + ' ms' : (us / 1e6).toFixed(7) + ' s';
  };
  // A call is its innermost line; a routine is the outermost, which inlined ones stand in.
  const place = (index, outer) => {
    if (index < 0) return null;
    const [image, rva, frames] = places[index];
    if (!frames.length) return { text: image + '+' + rva, title: image + '+' + rva, name: image + '+' + rva };
    const [name, file, line, path] = frames[outer ? frames.length - 1 : 0];
    return { text: file + ':' + line + '  ' + name, title: path + ':' + line + ' ' + name + '  ' + image + '+' + rva, name };
  };
  const threadLabel = n => {
    const t = threadOf.get(n);
    if (!t) return ['thread ' + n, ''];
    return ['thread ' + n, t.routine || (t.client ? 'client ' + t.process : t.process)];
  };
  const deviceLabel = n => {
    const d = deviceOf.get(n);
    return n === 0 ? 'client' : d ? d.driver : 'device ' + n;
  };
  const deviceTitle = n => {
    const d = deviceOf.get(n);
    return n === 0 ? 'whoever made the request' : d ? d.driver + '  ' + (d.name || 'nameless device') : 'device ' + n;
  };

  // --- Head ---
  document.title = 'Ringside: ' + meta.result;
  $('pill').textContent = meta.clean ? 'clean' : 'failed';
  $('pill').className = meta.clean ? '' : 'bad';
  $('result').textContent = meta.clean ? data.drivers.join(', ') || 'clean' : meta.result;
  $('words').textContent = [meta.words, meta.rule && 'rule ' + meta.rule, meta.during && 'during ' + meta.during,
    ...(meta.leaks || [])].filter(x => x && x !== meta.result).join(' · ');
  const fact = (name, value) => {
    if (value !== undefined && value !== null && value !== '') $('facts').append(el('li', {}, name + ' ', el('b', {}, String(value))));
  };
  if (!meta.clean) fact('drivers', data.drivers.join(', '));
  fact('seed', meta.seed);
  fact('Windows', meta.windows);
  fact('processors', meta.processors);
  fact('checks', meta.checks);
  fact('faults', meta.faults);
  fact('events', meta.events === undefined ? meta.kept : meta.events);
  fact('virtual time', meta.virtual_seconds === undefined ? '' : when(Math.round(meta.virtual_seconds * 1e7)));
  fact('hash', meta.hash);
  if (meta.lost) {
    $('lost').hidden = false;
    $('lost').textContent = 'The oldest ' + meta.lost + ' events are not kept: the page shows the newest ' + meta.kept + '.';
  }
  if (meta.replay) {
    $('replay').hidden = false;
    $('replay').querySelector('code').textContent = meta.replay;
    $('replay').querySelector('button').onclick = () => navigator.clipboard && navigator.clipboard.writeText(meta.replay);
  }
  $('made').textContent = 'Ringside ' + meta.version;
  $('theme').onclick = () => {
    const dark = getComputedStyle(document.documentElement).colorScheme === 'dark';
    document.documentElement.dataset.theme = dark ? 'light' : 'dark';
  };

  // --- Stacks ---
  for (const stack of data.stacks) {
    const box = el('div', { class: 'stack' });
    for (const n of stack) {
      const d = deviceOf.get(n);
      box.append(el('div', { title: deviceTitle(n) }, el('b', {}, d.driver), el('span', {}, d.name || 'nameless device'),
        ...d.links.map(link => el('span', {}, link))));
    }
    $('stacks').append(box);
  }
  if (!data.stacks.length) $('stacks').append(el('p', { class: 'soft' }, 'No driver made a device.'));

  // --- Time line ---
  const rowHeight = 17;
  let byTime = false, selected = -1, chosen = 0, hits = [], hit = -1;
  const full = () => byTime ? [steps.length ? steps[0][TIME] : 0, (steps.length ? steps[steps.length - 1][TIME] : 0) + 1] : [0, Math.max(1, steps.length)];
  let view = full();
  const at = i => byTime ? steps[i][TIME] : i;
  const lanes = [];
  const laneOf = new Map();
  const addLane = (key, label, small) => {
    const lane = { key, bars: [], marks: [], irql: [], depth: 1, runs: [] };
    lane.svg = svg('svg', {});
    lane.row = el('div', { class: 'lane', 'data-lane': key }, el('span', { title: label + ' ' + small }, label, el('small', {}, small)), lane.svg);
    lanes.push(lane);
    laneOf.set(key, lane);
    return lane;
  };
  const ruler = svg('svg', { height: 22 });
  $('lanes').append(el('div', { class: 'lane ruler' }, el('span', {}, el('small', { id: 'unit' }, 'steps')), ruler));
  for (let i = 0; i < meta.processors; ++i) addLane('cpu' + i, 'processor ' + i, 'thread that runs');
  for (const t of threads) if (!t.idle) addLane('t' + t.n, ...threadLabel(t.n));
  for (const [cpu, thread, first, last] of segments) {
    const idle = threadOf.get(thread) && threadOf.get(thread).idle;
    const p = laneOf.get('cpu' + cpu), t = laneOf.get('t' + thread);
    if (p && !idle) p.runs.push([first, last, 'thread ' + thread]);
    if (t) t.runs.push([first, last, 'on processor ' + cpu]);
  }
  for (const bar of bars) {
    const lane = laneOf.get((bar[0] ? 'cpu' : 't') + bar[1]);
    if (!lane) continue;
    lane.bars.push(bar);
    lane.depth = Math.max(lane.depth, bar[2] + 1);
  }
  const marked = { print: 1, fault: 1, bugcheck: 1, exception: 1, call: 1, irp: 1 };
  const crashes = [];
  steps.forEach((s, i) => {
    const lane = laneOf.get('t' + s[THREAD]) || laneOf.get('cpu' + s[CPU]);
    if (s[KIND] === 'bugcheck') crashes.push(i);
    if (!lane) return;
    if (marked[s[KIND]]) lane.marks.push(i);
  });
  // The IRQL of a lane is known where it runs: from event to event of one stay on a processor.
  const stay = new Array(meta.processors).fill(null);
  steps.forEach((s, i) => {
    const idle = threadOf.get(s[THREAD]) && threadOf.get(s[THREAD]).idle;
    const before = stay[s[CPU]];
    const same = before && before.thread === s[THREAD];
    if (idle && (s[KIND] === 'switch' || s[KIND] === 'machine')) { stay[s[CPU]] = null; return; }
    stay[s[CPU]] = { thread: s[THREAD] };
    for (const l of [laneOf.get('cpu' + s[CPU]), laneOf.get('t' + s[THREAD])]) {
      if (!l) continue;
      const last = l.irql[l.irql.length - 1];
      if (same && last) last[2] = i;
      if (same && last && last[1] === s[IRQL]) continue;
      l.irql.push([i, s[IRQL], i]);
    }
  });
  for (const lane of lanes) {
    lane.height = (lane.depth + 1) * rowHeight + 12;
    lane.svg.setAttribute('height', lane.height);
    $('lanes').append(lane.row);
  }

  const width = () => Math.max(50, ruler.getBoundingClientRect().width);
  let queued = false;
  const draw = () => { if (!queued) { queued = true; requestAnimationFrame(() => { queued = false; paint(); }); } };
  function paint() {
    const w = width(), [low, high] = view, scale = w / (high - low), x = v => (v - low) * scale;
    const end = i => byTime ? at(i) : i + 0.8;
    $('unit').textContent = byTime ? 'virtual time' : 'steps';
    const marks = [];
    const count = Math.max(2, Math.floor(w / 110));
    for (let k = 0; k <= count; ++k) {
      const v = low + (high - low) * k / count;
      const text = byTime ? when(v) : steps.length ? when(steps[clamp(Math.round(v), 0, steps.length - 1)][TIME]) : '';
      const e = svg('text', { x: clamp(x(v), 2, w - 2), y: 14, class: 'tick', 'text-anchor': k === 0 ? 'start' : k === count ? 'end' : 'middle' }, text);
      marks.push(e);
    }
    ruler.replaceChildren(...marks);
    for (const lane of lanes) {
      const out = [];
      const box = (first, last, y, cls, text, title, extra) => {
        const a = x(at(first)), b = Math.max(x(end(last)), a + 1);
        if (b < 0 || a > w) return;
        const from = Math.max(a, -2), wide = Math.min(b, w + 2) - from;
        const e = svg('rect', { x: from, y, width: wide, height: rowHeight - 1, class: 'b ' + cls, 'data-step': first, ...extra });
        e.append(svg('title', {}, title));
        out.push(e);
        if (wide > 30) {
          const fits = Math.floor((wide - 8) / 6);
          out.push(svg('text', { x: from + 4, y: y + 12 }, text.length > fits ? text.slice(0, Math.max(1, fits - 1)) + '…' : text));
        }
      };
      let drawn = -1;
      for (const [first, last, text] of lane.runs) {
        const b = x(end(last));
        if (b < drawn + 0.7) continue;
        drawn = b;
        box(first, last, 1, 'run', text, text, {});
      }
      const depths = [];
      for (const bar of lane.bars) {
        const [, , depth, first, last, kind, name, irp, left] = bar;
        const b = x(end(last));
        if (b < (depths[depth] === undefined ? -1 : depths[depth]) + 0.5) continue;
        depths[depth] = b;
        box(first, last, 1 + (depth + 1) * rowHeight, kind + (irp && irp === chosen ? ' mine' : '') + (left ? '' : ' lost'),
          name.replace(/^(dispatch|completion) IRP /, ''),
          name + (left ? '' : ' (did not return)'), irp ? { 'data-irp': irp } : {});
      }
      const base = lane.height - 11;
      let mark = -1;
      for (const i of lane.marks) {
        const px = x(at(i)), kind = steps[i][KIND], big = kind !== 'call' && kind !== 'irp';
        if (px < 0 || px > w || (!big && (px < mark + 2))) continue;
        if (!big) mark = px;
        const e = big ? svg('path', { d: `M${px} ${base - 5}l5 5l-5 5l-5 -5z`, class: 'm ' + kind, 'data-step': i })
          : svg('rect', { x: px, y: base - 2, width: 2, height: 5, class: 'm ' + kind, 'data-step': i });
        e.append(svg('title', {}, steps[i][WORDS]));
        out.push(e);
      }
      lane.irql.forEach(([i, irql, until], k) => {
        const next = lane.irql[k + 1];
        const a = x(at(i)), b = next && next[0] === until ? x(at(until)) : x(end(until));
        if (b < 0 || a > w || b - a < 0.3) return;
        out.push(svg('rect', { x: Math.max(a, 0), y: lane.height - 5, width: Math.min(b, w) - Math.max(a, 0), height: 5, class: irqlClass(irql) }));
      });
      const line = (i, cls) => {
        const px = x(at(i) + (byTime ? 0 : 0.4));
        if (px >= 0 && px <= w) out.push(svg('line', { x1: px, x2: px, y1: 0, y2: lane.height, class: cls }));
      };
      let last = -9;
      for (const i of hits) {
        const px = x(at(i));
        if (px > last + 2) { last = px; line(i, 'hit'); }
      }
      if (selected >= 0) line(selected, 'cursor');
      crashes.forEach(i => line(i, 'crash'));
      lane.svg.replaceChildren(...out);
    }
    document.body.dataset.view = view.map(v => v.toFixed(3)).join(' ');
  }
  const setView = (low, high) => {
    const [a, b] = full(), least = byTime ? 4 : 6, span = clamp(high - low, Math.min(least, b - a), b - a);
    low = clamp(low, a, b - span);
    view = [low, low + span];
    draw();
  };
  const zoom = (factor, around) => {
    const [low, high] = view, middle = around === undefined ? (selected >= 0 && at(selected) >= low && at(selected) <= high ? at(selected) : (low + high) / 2) : around;
    setView(middle - (middle - low) * factor, middle + (high - middle) * factor);
  };
  const pan = part => setView(view[0] + (view[1] - view[0]) * part, view[1] + (view[1] - view[0]) * part);
  const show = i => {
    const span = view[1] - view[0], v = at(i);
    if (v < view[0] || v > view[1]) setView(v - span / 2, v + span / 2);
  };

  function select(i) {
    selected = clamp(i, 0, steps.length - 1);
    const s = steps[selected];
    show(selected);
    const call = place(s[CALL], false), routine = place(s[ROUTINE], true);
    const first = el('div', {}, el('b', {}, s[WORDS]), ' ', el('span', { class: 'irql ' + irqlClass(s[IRQL]) }, irqlName(s[IRQL])));
    const second = el('div', { class: 'soft' }, when(s[TIME]) + ' · processor ' + s[CPU] + ' · thread ' + s[THREAD]);
    if (call) second.append(' · called at ', el('span', { class: 'mono', title: call.title }, call.text));
    if (routine) second.append(' · routine ', el('span', { class: 'mono', title: routine.title }, routine.text));
    $('detail').replaceChildren(first, second);
    for (const row of document.querySelectorAll('#ladder .row')) row.setAttribute('aria-current', Number(row.dataset.step) === selected);
    if (s[IRP] && s[IRP] !== chosen && irpOf.has(s[IRP])) choose(s[IRP], false);
    draw();
  }

  // --- Requests ---
  const took = irp => steps[irp.last][TIME] - steps[irp.first][TIME];
  const option = (select, value, text) => select.append(el('option', { value }, text));
  option($('f-major'), '', 'any function');
  for (const major of [...new Set(irps.map(i => i.major))].filter(Boolean).sort()) option($('f-major'), major, major);
  option($('f-device'), '', 'any device');
  for (const d of devices) option($('f-device'), d.n, d.driver + ' ' + d.name);
  const passes = irp => {
    const major = $('f-major').value, device = $('f-device').value, state = $('f-state').value;
    if (major && irp.major !== major) return false;
    if (device && !irp.columns.includes(Number(device))) return false;
    return !state || (state === 'failed' ? irp.failed : state === 'ok' ? irp.completed && !irp.failed : state === 'pended' ? irp.pended
      : state === 'slow' ? took(irp) > 1000 : !irp.completed);
  };
  const listMax = 500;
  function list() {
    const some = irps.filter(passes);
    const items = some.slice(0, listMax).map(irp => el('button', { type: 'button', role: 'option', 'data-irp': irp.n, 'aria-selected': irp.n === chosen },
      el('b', {}, '#' + irp.n), el('span', { title: irp.what }, irp.what || 'never sent'),
      el('span', { class: 'soft' }, el('span', { class: irp.completed ? irp.failed ? 'failed' : 'ok' : 'failed' }, irp.completed ? irp.status : 'not completed'),
        (irp.pended ? ' · pending' : '') + (irp.cancelled ? ' · cancelled' : '') + ' · ' + when(took(irp)))));
    if (!items.length) items.push(el('div', { class: 'none' }, irps.length ? 'No request is like that.' : 'No request was made.'));
    if (some.length > listMax) items.push(el('div', { class: 'none' }, 'and ' + (some.length - listMax) + ' more: narrow the choice'));
    $('irps').replaceChildren(...items);
  }
  for (const id of ['f-major', 'f-device', 'f-state']) $(id).onchange = list;
  $('irps').onclick = event => {
    const button = event.target.closest('button');
    if (button) choose(Number(button.dataset.irp), true);
  };
  $('irps').onkeydown = event => {
    const next = event.key === 'ArrowDown' ? 'nextElementSibling' : event.key === 'ArrowUp' ? 'previousElementSibling' : null;
    const to = next && event.target[next];
    if (!to || to.tagName !== 'BUTTON') return;
    event.preventDefault();
    to.focus();
    choose(Number(to.dataset.irp), true);
  };

  // --- The path of one request ---
  const rowWords = (row, irp) => {
    const [kind, step, , to, status] = row, s = steps[step], name = deviceLabel(irp.columns[to]);
    switch (kind) {
    case 'made': return ['IRP is made', ''];
    case 'down': return ['IoCallDriver', 'to ' + name];
    case 'returned': return ['dispatch returns', status];
    case 'completed': return ['IoCompleteRequest', status + (s[PENDING] ? ', marked pending' : '')];
    case 'up': return ['completion routine', 'of ' + name + (s[PENDING] ? ', PendingReturned' : '')];
    case 'up-returned': return ['completion routine returns', status === 'STATUS_SUCCESS' ? 'STATUS_CONTINUE_COMPLETION' : status];
    case 'cancelled': return ['IoCancelIrp', ''];
    case 'cancel-routine': return ['cancel routine', 'of ' + name];
    default: return ['IRP is freed', ''];
    }
  };
  function ladder(irp) {
    const n = irp.columns.length, strip = clamp(n * 112, 112, 560), unit = 100 / n;
    const box = $('ladder');
    box.style.setProperty('--strip', strip + 'px');
    box.style.setProperty('--n', n);
    const head = el('div', { class: 'head' }, el('span', { class: 'soft' }, 'time, where'), el('div', { class: 'names' },
      ...irp.columns.map(c => el('span', { title: deviceTitle(c) }, deviceLabel(c)))), el('span', { class: 'soft' }, 'what, source'));
    const rows = irp.rows.map(row => {
      const [kind, step, from, to, status] = row, s = steps[step], [what, more] = rowWords(row, irp);
      const picture = svg('svg', { 'aria-hidden': 'true' });
      const mid = c => (c * unit + unit / 2) + '%', y = 16;
      for (let c = 0; c < n; ++c) picture.append(svg('line', { x1: mid(c), x2: mid(c), y1: 0, y2: '100%', class: 'life' }));
      const cls = kind === 'returned' ? 'back' : kind === 'up' ? 'up' : '';
      if (from !== to) {
        const way = Math.sign(to - from);
        picture.append(svg('line', { x1: mid(from), x2: mid(to), y1: y, y2: y, class: 'arrow ' + cls }));
        const tip = svg('svg', { x: mid(to), y, class: 'at' });
        tip.append(svg('path', { d: `M0 0l${-way * 10} -5v10z`, class: 'tip ' + cls }));
        picture.append(tip);
      } else {
        const failed = status && /^STATUS_(?!SUCCESS|PENDING|CONTINUE|MORE_PROCESSING)/.test(status);
        picture.append(svg('circle', { cx: mid(to), cy: y, r: 6, class: 'dot ' + (kind === 'completed' ? failed ? 'failed' : '' : kind.startsWith('cancel') ? 'cancel' : 'quiet') }));
      }
      const call = place(s[CALL], false), routine = place(s[ROUTINE], true);
      const text = el('span', { class: 'what' }, el('b', {}, what), ' ', more);
      if (call && (kind === 'down' || kind === 'completed' || kind === 'cancelled' || kind === 'made' || kind === 'freed'))
        text.append(el('span', { class: 'place', title: call.title }, 'at ' + call.text));
      if (routine) text.append(el('span', { class: 'place', title: routine.title }, (kind === 'down' || kind === 'up' || kind === 'cancel-routine' ? 'enters ' : 'leaves ') + routine.text));
      const button = el('button', { class: 'row', type: 'button', 'data-step': step, 'data-kind': kind, 'aria-current': step === selected },
        el('span', { class: 'when' }, when(s[TIME]) + ' ', el('span', { class: 'irql ' + irqlClass(s[IRQL]) }, irqlName(s[IRQL])), el('br'),
          'cpu ' + s[CPU] + ' · thread ' + s[THREAD]), el('span', { class: 'strip' }, picture), text);
      button.onclick = () => select(step);
      return button;
    });
    box.replaceChildren(head, ...rows);
  }
  function choose(n, move) {
    const irp = irpOf.get(n);
    if (!irp) return;
    chosen = n;
    $('h-path').textContent = 'Path of IRP #' + n + (irp.what ? ' ' + irp.what : '');
    for (const button of $('irps').querySelectorAll('button')) button.setAttribute('aria-selected', Number(button.dataset.irp) === n);
    ladder(irp);
    if (move) {
      const low = at(irp.first), high = at(irp.last), room = Math.max((high - low) * 0.25, 3);
      setView(low - room, high + room);
    }
    draw();
  }

  // --- Hands ---
  $('lanes').onclick = event => {
    if (dragged) return;
    const target = event.target.closest('[data-step]');
    if (!target) return;
    if (target.dataset.irp) choose(Number(target.dataset.irp), false);
    select(Number(target.dataset.step));
  };
  let drag = null, dragged = false;
  $('lanes').onpointerdown = event => { if (event.target.closest('svg')) { drag = { x: event.clientX, view: [...view] }; dragged = false; } };
  window.addEventListener('pointermove', event => {
    if (!drag) return;
    const dx = event.clientX - drag.x;
    if (Math.abs(dx) > 4) dragged = true;
    if (dragged) {
      const by = dx * (drag.view[1] - drag.view[0]) / width();
      setView(drag.view[0] - by, drag.view[1] - by);
    }
  });
  window.addEventListener('pointerup', () => { drag = null; });
  $('lanes').addEventListener('wheel', event => {
    if (!(event.ctrlKey || event.metaKey || event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))) return;
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) {
      const r = ruler.getBoundingClientRect();
      zoom(event.deltaY > 0 ? 1.25 : 0.8, view[0] + (event.clientX - r.left) / r.width * (view[1] - view[0]));
    } else pan((event.deltaX || event.deltaY) / 1000);
  }, { passive: false });
  const act = { '+': () => zoom(0.6), '=': () => zoom(0.6), '-': () => zoom(1.6), ArrowLeft: () => pan(-0.2), ArrowRight: () => pan(0.2),
    a: () => pan(-0.2), d: () => pan(0.2), w: () => zoom(0.6), s: () => zoom(1.6), f: () => setView(...full()), 0: () => setView(...full()),
    n: () => select(selected + 1), p: () => select(selected < 0 ? 0 : selected - 1) };
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT)$/.test(event.target.tagName)) return;
    if (event.key === '/') { event.preventDefault(); $('search').focus(); return; }
    if (!steps.length || !act[event.key]) return;
    if (event.key.startsWith('Arrow') && !event.target.closest('#lanes')) return;
    event.preventDefault();
    act[event.key]();
  });
  $('in').onclick = () => zoom(0.6);
  $('out').onclick = () => zoom(1.6);
  $('fit').onclick = () => setView(...full());
  $('axis').onclick = () => {
    const [low, high] = view.map(v => byTime ? steps.findIndex(s => s[TIME] >= v) : v);
    byTime = !byTime;
    $('axis').textContent = byTime ? 'Time' : 'Steps';
    $('axis').setAttribute('aria-pressed', byTime);
    const bound = i => clamp(Math.round(i < 0 ? steps.length - 1 : i), 0, steps.length - 1);
    if (steps.length) setView(at(bound(low)), at(bound(high)));
  };
  const searchTexts = i => {
    const s = steps[i], call = place(s[CALL], false), routine = place(s[ROUTINE], true);
    return (s[WORDS] + ' ' + (call ? call.text : '') + ' ' + (routine ? routine.text : '')).toLowerCase();
  };
  const found = () => { $('found').textContent = !$('search').value ? '' : hits.length ? (hit + 1) + ' of ' + hits.length : 'nothing'; };
  $('search').oninput = () => {
    const words = $('search').value.toLowerCase();
    hits = words ? steps.map((_, i) => i).filter(i => searchTexts(i).includes(words)) : [];
    hit = hits.length ? 0 : -1;
    if (hits.length) select(hits[0]);
    found();
    draw();
  };
  $('search').onkeydown = event => {
    if (event.key === 'Escape') { $('search').value = ''; $('search').oninput(); $('lanes').focus(); }
    if (event.key !== 'Enter' || !hits.length) return;
    hit = (hit + (event.shiftKey ? hits.length - 1 : 1)) % hits.length;
    select(hits[hit]);
    found();
  };
  const legend = [['dispatch', 'dispatch routine'], ['completion', 'completion routine'], ['dpc', 'DPC'], ['isr', 'ISR'], ['callback', 'other routine'], ['run', 'runs'],
    ['i0', 'PASSIVE_LEVEL'], ['i1', 'APC_LEVEL'], ['i2', 'DISPATCH_LEVEL'], ['i3', 'DIRQL'], ['i4', 'HIGH'], ['print', 'print'], ['fault', 'fault injected'], ['bad', 'bug check']];
  for (const [color, words] of legend) {
    const swatch = el('i');
    swatch.style.background = 'var(--' + color + ')';
    $('legend').append(el('span', {}, swatch, words));
  }
  window.addEventListener('resize', draw);

  list();
  // What one wants to see first: the request at the crash, or the longest way.
  const crash = crashes.length ? crashes[crashes.length - 1] : -1;
  let start = null;
  if (crash >= 0) for (let i = crash; i >= 0 && !start; --i) start = irpOf.get(steps[i][IRP]);
  if (!start) for (const irp of irps) if (!start || irp.rows.length > start.rows.length || (irp.rows.length === start.rows.length && took(irp) > took(start))) start = irp;
  if (start) choose(start.n, false);
  if (crash >= 0) select(crash);
  else $('detail').append(el('span', { class: 'soft' }, 'Choose a bar, a mark or a row to see what it is.'));
  paint();
  document.body.dataset.ready = 'yes';
})();
