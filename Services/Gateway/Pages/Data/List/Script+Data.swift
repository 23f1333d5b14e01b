/// Lists: menus that close, filters whose values fit, ticks that are counted.
extension Script {
    static let lists = #"""
        {
          const all = (s, from = document) => [...from.querySelectorAll(s)];
          addEventListener('click', e => {
            for (const m of all('[data-menu][open]')) if (!m.contains(e.target)) m.open = false;
          });
          addEventListener('keydown', e => {
            if (e.key !== 'Escape') return;
            for (const m of all('[data-menu][open]')) {
              m.open = false;
              m.querySelector('summary').focus();
            }
          });
          for (const form of all('[data-build]')) {
            const [column, is] = ['where', 'is'].map(n => form.elements[n]);
            const words = all('option', is);
            const place = form.querySelector('[data-value]');
            const fit = isFirst => {
              const { kind, fits, choices, pick } = column.selectedOptions[0].dataset;
              const old = is.value;
              is.replaceChildren(...words.filter(o => fits.split(' ').includes(o.value)));
              is.value = [...is.options].some(o => o.value === old) ? old : is.options[0].value;
              const before = form.elements.value;
              // What the page offers to choose from stays.
              if (isFirst === true && before.options) return none();
              const field = document.createElement(choices ? 'select' : 'input');
              for (const [value, name] of choices ? JSON.parse(choices) : [])
                field.add(new Option(name, value));
              if (!choices) field.type =
                { date: 'date', datetime: 'datetime-local' }[kind] || 'text';
              Object.assign(field, { id: 'value', name: 'value' });
              if (before.value) field.value = before.value;
              const box = document.createElement('div');
              box.append(field);
              place.replaceChildren(pick ? box : field);
              if (pick) {
                const hint = document.createElement('p');
                hint.className = 'hint';
                box.append(hint);
                box.className = 'picker';
                const says = { picker: pick, words: 'named', none: place.dataset.none };
                Object.assign(box.dataset, says);
                box.dispatchEvent(new Event('picker', { bubbles: true }));
              }
              none();
            };
            const none = () => {
              for (const field of all('input,select', place))
                field.disabled = ['empty', 'filled'].includes(is.value);
            };
            column.addEventListener('change', () => { form.elements.value.value = ''; fit(); });
            is.addEventListener('change', none);
            fit(true);
          }
          for (const form of all('[data-many]')) {
            const every = form.querySelector('[data-all]');
            const ticks = all('[name=id]', form);
            const button = form.querySelector('button');
            const count = () => {
              const n = ticks.filter(t => t.checked).length;
              form.querySelector('[data-chosen]').textContent = n || '';
              every.checked = n === ticks.length;
              every.indeterminate = n > 0 && !every.checked;
              button.disabled = !n;
            };
            let last = -1;
            form.addEventListener('click', e => {
              const i = ticks.indexOf(e.target);
              if (i < 0) return;
              if (e.shiftKey && last >= 0)
                for (let j = Math.min(i, last); j <= Math.max(i, last); j++)
                  ticks[j].checked = e.target.checked;
              last = i;
              count();
            });
            // A row is a way to its record, unless one clicks on something or marks text.
            form.addEventListener('click', e => {
              const row = e.target.closest('tbody tr');
              const isOwn = e.target.closest('a,button,input,.pick') || String(getSelection());
              if (row && !isOwn) row.querySelector('th a').click();
            });
            every.hidden = false;
            every.addEventListener('change', () => {
              for (const t of ticks) t.checked = every.checked;
              count();
            });
            addEventListener('pageshow', count);
            count();
          }
        }
        """#
}
