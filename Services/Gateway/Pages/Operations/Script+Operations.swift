/// Choosing all, and runs that go on while one looks.
extension Script {
    static let operations = #"""
        for (const all of document.querySelectorAll('[data-choose]')) {
          const box = all.querySelector('input');
          box.addEventListener('change', () => {
            for (const one of all.closest('form').querySelectorAll(
              `input[name="${all.dataset.choose}"]`)) one.checked = box.checked;
          });
        }
        for (const place of document.querySelectorAll('[data-run]')) {
          const source = new EventSource(`/api/runs/${place.dataset.run}/progress`);
          const number = new Intl.NumberFormat(document.documentElement.lang);
          source.onmessage = source.onerror = event => {
            if (!event.data) { source.close(); return location.reload(); }
            const run = JSON.parse(event.data);
            for (const [name, count] of Object.entries(run.counters || {})) {
              const counter = place.querySelector(`[data-counter="${name}"]`);
              if (counter) counter.textContent = number.format(count);
            }
            if (!['planned', 'running'].includes(run.state)) {
              source.close();
              location.reload();
            }
          };
        }
        """#
}
