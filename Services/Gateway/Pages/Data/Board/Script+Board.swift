/// A board: cards are dragged to another lane; the card's own form says so to the server.
extension Script {
    static let board = #"""
        for (const board of document.querySelectorAll('[data-board]')) {
          let card;
          for (const c of board.querySelectorAll('[data-card]')) {
            if (!c.querySelector('.move')) continue;
            c.draggable = true;
            c.addEventListener('dragstart', () => { card = c; });
            c.querySelector('.move button').hidden = true;
            const select = c.querySelector('select');
            select.addEventListener('change', () => select.form.requestSubmit());
          }
          for (const lane of board.querySelectorAll('[data-lane]')) {
            lane.addEventListener('dragover', e => {
              if (!card) return;
              e.preventDefault();
              lane.classList.add('over');
            });
            lane.addEventListener('dragleave', () => lane.classList.remove('over'));
            lane.addEventListener('drop', e => {
              e.preventDefault();
              lane.classList.remove('over');
              const select = card.querySelector('select');
              if (select.value === lane.dataset.lane) return;
              select.value = lane.dataset.lane;
              lane.append(card);
              select.form.requestSubmit();
            });
          }
        }
        """#
}
