import { render } from 'preact';
import { App } from './app.js';
import { PageStore } from './store.js';

const store = new PageStore();
render(<App store={store} />, document.body);
store.start();
