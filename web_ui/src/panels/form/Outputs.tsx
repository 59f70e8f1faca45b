import { useTranslation } from 'react-i18next';
import { assetUrl, type Schemas } from '@/api/client';
import { humanize } from '@/core/catalogue';
import { portTexts } from '@/core/texts';
import { useDocument, useDocumentStore } from '@/state/context';
import { book, useRunsOf, useRun } from '@/state/runs';
import { useFailure } from '@/state/runs/failure';
import { isPicture, pictureUrl, shortText } from '@/state/runs/values';
import { useSettings } from '@/state/settings';
import { kindOfFile } from '@/viewers/kinds';
import { openViewer } from '@/viewers/open';
import css from './Form.module.css';

/** What came out last at each named output. */
export function Outputs({ names }: { names: readonly string[] }) {
  const { t } = useTranslation('runs');
  const { uid } = useDocumentStore().getState();
  const texts = useDocument((state) => state.document.texts);
  const language = useSettings((settings) => settings.language);
  const titleOf = (name: string): string =>
    portTexts(texts, language, 'outputs', name).label ?? humanize(name);
  const runs = useRunsOf(uid);
  useRun(runs[0] ?? ''); // its end brings results
  const failure = useFailure(runs[0] ?? '');
  return (
    <section className={css.outputs} aria-label={t('form.results')}>
      {failure && (
        <p className={css.error} role="alert">
          {failure}
        </p>
      )}
      {names.map((name) => {
        const run = runs.find((id) => book.runs.get(id)?.facts.outputs[name]);
        const output = run && book.runs.get(run)!.facts.outputs[name];
        return (
          <div key={name} className={css.output}>
            <h4 className={css.label}>{titleOf(name)}</h4>
            {output ? (
              <Output name={name} title={titleOf(name)} run={run} output={output} />
            ) : (
              <p className={css.note}>{t('preview.empty')}</p>
            )}
          </div>
        );
      })}
    </section>
  );
}

interface OutputProps {
  name: string;
  title: string;
  run: string;
  output: Schemas['Output'];
}

function Output({ name, title, run, output }: OutputProps) {
  const { t } = useTranslation('runs');
  if (output.problem) return <p className={css.error}>{output.problem}</p>;
  if (!output.files.length) return <p className={css.text}>{shortText(output.value)}</p>;
  const open = (at: number): void =>
    openViewer(
      output.files.map((file) => ({
        title,
        output: { ...output, files: [file] },
        runId: run,
        node: '',
        port: name,
      })),
      { at },
    );
  return (
    <div className={css.files}>
      {output.files.map((file, at) =>
        isPicture(file.media) ? (
          <button
            key={file.asset}
            type="button"
            className={css.picture}
            aria-label={t('preview.open', { title })}
            onClick={() => open(at)}
          >
            <img src={pictureUrl(file.asset, 320)} alt={title} />
          </button>
        ) : kindOfFile(file) !== 'file' ? (
          <button key={file.asset} type="button" className={css.file} onClick={() => open(at)}>
            {t('form.look', { name: file.name })}
          </button>
        ) : (
          <a key={file.asset} className={css.file} href={assetUrl(file.asset)} download={file.name}>
            {file.name}
          </a>
        ),
      )}
    </div>
  );
}
