// Hands questions printed on the page to the assistant, and filters the list of guides.
// Everything it reveals is hidden in the HTML, so that a page without script shows no dead button.
'use strict';

for (const block of document.querySelectorAll('[data-needs-script]')) block.hidden = false;

document.addEventListener('click', (event) => {
  const button = event.target instanceof Element ? event.target.closest('[data-ask]') : null;
  if (!button) return;
  if (typeof window.Kuzushi !== 'function') {
    // The snippet is blocked or still on its way: the guides answer the same questions.
    window.location.assign('/demo/guides');
    return;
  }
  window.Kuzushi('open', 'chat');
  if (button.dataset.ask) window.Kuzushi('sendMessage', button.dataset.ask);
});

const filter = document.querySelector('#guide-filter');
if (filter) {
  const guides = [...document.querySelectorAll('.guide-list > li')];
  const count = document.querySelector('#guide-count');
  const show = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let visible = 0;
    for (const guide of guides) {
      const text = guide.textContent.toLowerCase();
      guide.hidden = !words.every((word) => text.includes(word));
      if (!guide.hidden) visible += 1;
    }
    if (visible === 0) count.textContent = 'No guide has these words. Try fewer, or call (419) 555-0100.';
    else count.textContent = visible === 1 ? '1 guide' : `${visible} guides`;
  };
  filter.addEventListener('input', show);
  show();
}
