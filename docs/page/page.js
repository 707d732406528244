'use strict';

// Dark and light follow the reader's choice, which may change.
const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', follow);
follow();

const ui = SwaggerUIBundle({
  url: document.querySelector('#docs').dataset.spec,
  dom_id: '#docs',
  presets: [SwaggerUIBundle.presets.apis],
  layout: 'BaseLayout', // without the bar that loads other documents
  deepLinking: true,
  validatorUrl: null, // the badge would send the document elsewhere
  queryConfigEnabled: false, // an address must not choose another document
  persistAuthorization: false, // tokens end with the page
  onComplete: () => {
    const title = ui.specSelectors.info().get('title');
    if (title) document.title = title;
  },
});
