// What is wrong with the formulas of a page, in words.
() => {
  const wrong = [];
  for (const formula of document.querySelectorAll('.math')) {
    if (!formula.querySelector('mjx-container')) wrong.push(`formula is not typeset: ${formula.textContent.slice(0, 80)}`);
  }
  for (const error of document.querySelectorAll('mjx-merror, [data-mjx-error]')) {
    wrong.push(`formula with an error: ${error.getAttribute('data-mjx-error') ?? error.textContent}`);
  }
  const raw = /\$|\\[([]|\\[a-zA-Z]+\{|:::|\{[a-z:]+\}`/;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    if (raw.test(text.data) && !text.parentElement.closest('pre, code, script, style, mjx-container, .math')) {
      wrong.push(`raw in the text: ${text.data.trim().slice(0, 80)}`);
    }
  }
  if (raw.test(document.title)) wrong.push(`raw in the title: ${document.title}`);
  return wrong;
}
