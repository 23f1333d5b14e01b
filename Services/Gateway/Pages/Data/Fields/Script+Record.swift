/// Records: pickers that search while one types, files that are dropped, input that stays.
extension Script {
    static let record = #"""
        {
          const all = (s, from = document) => [...from.querySelectorAll(s)];
          const make = (name, values) => Object.assign(document.createElement(name), values);
          let pickers = 0;
          const picker = box => {
            const field = box.querySelector('input');
            const list = make('ul', { id: 'picks' + pickers++, className: 'picks', hidden: true });
            const text = make('input', { type: 'text', id: field.id, autocomplete: 'off' });
            text.defaultValue = box.dataset.called || field.value;
            text.required = field.required;
            if (box.dataset.words) text.name = box.dataset.words;
            list.setAttribute('role', 'listbox');
            const says = { role: 'combobox', 'aria-expanded': false, 'aria-controls': list.id,
              'aria-autocomplete': 'list' };
            for (const k in says) text.setAttribute(k, says[k]);
            Object.assign(field, { type: 'hidden', id: '', required: false });
            field.after(text, list);
            box.querySelector('.hint').hidden = true;
            let asked = 0, wait, at = -1;
            const show = on => {
              list.hidden = !on;
              text.setAttribute('aria-expanded', on);
              if (!on) text.removeAttribute('aria-activedescendant');
            };
            const mark = i => {
              all('li', list).forEach((li, j) => li.setAttribute('aria-selected', i === j));
              at = i;
              if (list.children[i]) text.setAttribute('aria-activedescendant', list.children[i].id);
            };
            const take = li => {
              if (!li || !li.dataset.id) return;
              field.value = li.dataset.id;
              text.value = li.textContent;
              field.dispatchEvent(new Event('input', { bubbles: true }));
              show(false);
            };
            const find = async () => {
              const mine = ++asked;
              const words = encodeURIComponent(text.value);
              const answer = await fetch(box.dataset.picker + '?q=' + words);
              if (!answer.ok || mine !== asked) return;
              const { items } = await answer.json();
              list.replaceChildren(...items.map((item, i) => {
                const li = make('li', { textContent: item.describe, id: list.id + '-' + i });
                li.setAttribute('role', 'option');
                li.dataset.id = item.id;
                return li;
              }));
              if (!items.length) list.append(make('li', { textContent: box.dataset.none }));
              mark(-1);
              show(true);
            };
            text.addEventListener('input', () => {
              if (!text.value || text.name) field.value = '';
              clearTimeout(wait);
              wait = setTimeout(find, 150);
            });
            text.addEventListener('focus', find);
            text.addEventListener('blur', () => setTimeout(() => show(false), 150));
            text.addEventListener('keydown', e => {
              const move = { ArrowDown: 1, ArrowUp: -1 }[e.key];
              const count = list.children.length;
              if (move && count) {
                e.preventDefault();
                mark((at + move + count) % count);
              } else if (e.key === 'Enter' && !list.hidden && at >= 0) {
                e.preventDefault();
                take(list.children[at]);
              } else if (e.key === 'Escape') show(false);
            });
            list.addEventListener('mousedown', e => {
              e.preventDefault();
              take(e.target.closest('li'));
            });
          };
          all('[data-picker]').forEach(picker);
          // Of what a script made.
          document.addEventListener('picker', e => picker(e.target));

          for (const form of all('[data-drop]')) {
            const bar = form.querySelector('progress');
            const send = async files => {
              bar.hidden = false;
              for (const file of files) {
                const data = new FormData(form);
                data.delete('file');
                data.append('file', file);
                const page = await new Promise(done => {
                  const way = new XMLHttpRequest();
                  way.open('POST', form.action);
                  way.responseType = 'document';
                  way.upload.onprogress = e => { bar.value = 100 * e.loaded / e.total; };
                  way.onloadend = () => done(way.status === 200 && way.response);
                  way.send(data);
                });
                const version = page && page.querySelector('[name=_version]');
                if (!version) {
                  bar.hidden = true;
                  form.querySelector('.fault').hidden = false;
                  return;
                }
                form.elements._version.value = version.value;
              }
              location.reload();
            };
            form.addEventListener('submit', e => {
              e.preventDefault();
              e.stopImmediatePropagation();
              send(form.elements.file.files);
            }, true);
            form.elements.file.multiple = true;
            for (const name of ['dragover', 'dragleave', 'drop'])
              form.addEventListener(name, e => {
                e.preventDefault();
                form.classList.toggle('over', name === 'dragover');
                if (name === 'drop') send(e.dataTransfer.files);
              });
          }

          // A form that was sent is no draft any more, unless what came says otherwise.
          const who = document.querySelector('[data-account]')?.dataset.account;
          const key = `draft ${who} ${location.pathname}`;
          const sent = sessionStorage.getItem('sent');
          if (sent && !document.querySelector('[name=password],[data-kept]')) {
            const isWrong = document.querySelector('[role=alert]:not([hidden])');
            if (!isWrong) sessionStorage.removeItem(sent);
            sessionStorage.removeItem('sent');
          }
          for (const form of all('[data-draft]')) {
            const fields = [...form.elements].filter(f => f.name && f.name[0] !== '_');
            const before = fields.map(f => f.value);
            const note = form.querySelector('[data-draft-note]');
            const kept = JSON.parse(sessionStorage.getItem(key) || 'null');
            if (kept && !document.querySelector('[role=alert]:not([hidden])')) {
              for (const f of fields) {
                const [value, text] = kept.values[f.name] || [];
                if (value !== undefined) f.value = value;
                if (text !== undefined) f.nextElementSibling.value = text;
              }
              if (form.elements._version) form.elements._version.value = kept.version;
              note.hidden = false;
              note.querySelector('button').addEventListener('click', () => {
                sessionStorage.removeItem(key);
                location.reload();
              });
            }
            form.addEventListener('input', () => {
              const values = {};
              fields.forEach((f, i) => {
                if (f.value === before[i]) return;
                values[f.name] = [f.value];
                if (f.type === 'hidden') values[f.name].push(f.nextElementSibling.value);
              });
              const version = form.elements._version && form.elements._version.value;
              try {
                sessionStorage.setItem(key, JSON.stringify({ values, version }));
              } catch { /* More than the browser keeps. */ }
            });
            form.addEventListener('submit', () => sessionStorage.setItem('sent', key));
            // By the back button: what was saved is not offered to be saved once more.
            addEventListener('pageshow', e => {
              const way = performance.getEntriesByType('navigation')[0];
              if ((e.persisted || way.type === 'back_forward') && !sessionStorage.getItem(key))
                form.reset();
            });
          }
          document.querySelector('[data-shows]')?.click();
          for (const kind of all('.step [data-kind]')) {
            const shows = kind.closest('.step').querySelector('[data-shows-kind]');
            shows.hidden = true;
            kind.addEventListener('change', () => shows.click());
          }
          for (const tick of all('[data-tick]')) {
            const field = tick.form.elements[tick.dataset.tick];
            if (field) field.addEventListener('input', () => { tick.checked = true; });
          }
        }
        """#
}
