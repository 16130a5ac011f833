import { render } from 'preact';
import { App } from './app';
import './base.css';
import './phone.css';
import './desk.css';

const place = document.getElementById('app');
if (place) render(<App />, place);
