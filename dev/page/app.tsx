import { useEffect } from 'preact/hooks';
import { Console } from './console/console';
import { Leaf } from './icons';
import { Phones } from './phone/phones';
import { useRemembered } from './remembered';
import { type Language, Speech, texts } from './text';
import { Choice } from './ui';
import { VitalsView } from './vitals/vitals';

type View = 'phones' | 'console' | 'vitals';
const views: readonly View[] = ['phones', 'console', 'vitals'];
const themes = ['auto', 'light', 'dark'] as const;

export function App() {
  const [language, setLanguage] = useRemembered<Language>('language', navigator.language.startsWith('zh') ? 'zh' : 'en', ['zh', 'en']);
  const [theme, setTheme] = useRemembered('theme', 'auto', themes);
  const [view, setView] = useRemembered('view', 'phones', views);
  const text = texts[language];

  useEffect(() => {
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
    document.title = `${text.page[view]} · ${text.page.name}`;
  }, [language, view, text]);
  useEffect(() => {
    document.documentElement.style.colorScheme = theme === 'auto' ? 'light dark' : theme;
  }, [theme]);

  return (
    <Speech.Provider value={{ language, text }}>
      <a class="skip" href="#main">
        {text.page.skip}
      </a>
      <header class="top">
        <div class="brand">
          <Leaf />
          <div>
            <h1>{text.page.name}</h1>
            <p>{text.page.tagline}</p>
          </div>
        </div>
        <nav aria-label={text.page.views}>
          {views.map((name) => (
            <button key={name} type="button" aria-current={view === name ? 'page' : undefined} onClick={() => setView(name)}>
              {text.page[name]}
            </button>
          ))}
        </nav>
        <div class="settings">
          <Choice label={text.page.themeLabel} options={text.page.theme} value={theme} onChange={setTheme} />
          <button
            type="button"
            class="quiet"
            lang={language === 'zh' ? 'en' : 'zh-CN'}
            title={text.page.languageHint}
            onClick={() => setLanguage(language === 'zh' ? 'en' : 'zh')}
          >
            {text.page.language}
          </button>
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        <div hidden={view !== 'phones'}>
          <Phones />
        </div>
        {view === 'console' && <Console />}
        {view === 'vitals' && <VitalsView />}
      </main>
    </Speech.Provider>
  );
}
